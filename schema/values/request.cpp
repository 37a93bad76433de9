#include "schema/values/request.h"

namespace eris {

ERIS_CHOICE_DEFINITIONS(ReplyBody)

}  // namespace eris
