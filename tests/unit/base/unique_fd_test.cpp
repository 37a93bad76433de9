// Goal: a descriptor is closed exactly once, by its last owner. Method: ask the kernel by fcntl.
#include "schema/base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace eris {
namespace {

bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }
int OpenSomething() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

TEST(UniqueFd, ClosesAtTheEndOfItsLife) {
  const int raw = OpenSomething();
  {
    const UniqueFd fd(raw);
    EXPECT_TRUE(fd.valid());
    EXPECT_TRUE(IsOpen(raw));
  }
  EXPECT_FALSE(IsOpen(raw));
}

TEST(UniqueFd, MovesWithoutClosing) {
  UniqueFd first(OpenSomething());
  const int raw = first.get();
  UniqueFd second(std::move(first));
  EXPECT_EQ(second.get(), raw);
  UniqueFd third(OpenSomething());
  const int replaced = third.get();
  third = std::move(second);
  EXPECT_FALSE(IsOpen(replaced));
  EXPECT_TRUE(IsOpen(raw));
  const int released = third.Release();
  EXPECT_FALSE(third.valid());
  EXPECT_TRUE(IsOpen(released));
  ::close(released);
}

}  // namespace
}  // namespace eris
