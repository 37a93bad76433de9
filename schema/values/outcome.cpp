#include "schema/values/outcome.h"

namespace eris {

ERIS_CHOICE_DEFINITIONS(OutcomeReport)

}  // namespace eris
