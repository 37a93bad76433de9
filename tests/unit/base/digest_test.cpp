// Goal: digests are the published ones, however the text is cut. Method: test vectors of FIPS
// 180-4, RFC 4231 and RFC 7693 (b2sum -l 256).
#include "schema/base/digest.h"

#include <gtest/gtest.h>

namespace eris {
namespace {

TEST(Sha256, MatchesPublishedVectors) {
  EXPECT_EQ(Hex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, DoesNotDependOnHowTheTextIsCut) {
  const std::string text(1000, 'a');
  Sha256Hasher hasher;
  for (std::size_t at = 0, size = 1; at < text.size(); at += size, size = size * 3 % 97 + 1) {
    hasher.Update(std::string_view(text).substr(at, size));
  }
  EXPECT_EQ(hasher.Finish(), Sha256(text));
}

TEST(Blake2b, MatchesPublishedVectors) {
  EXPECT_EQ(Hex(Blake2b("")), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  EXPECT_EQ(Hex(Blake2b("abc")),
            "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

TEST(HmacSha256, MatchesRfc4231) {
  const std::vector<std::uint8_t> key(20, 0x0b);
  EXPECT_EQ(Hex(HmacSha256(key, "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  const std::vector<std::uint8_t> long_key(131, 0xaa);
  EXPECT_EQ(Hex(HmacSha256(long_key, "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hex, GoesThereAndBack) {
  const std::string bytes("\x00\x7f\xff", 3);
  EXPECT_EQ(Hex(bytes), "007fff");
  EXPECT_EQ(FromHex("007fFF").value(), bytes);
  EXPECT_FALSE(FromHex("0"));
  EXPECT_FALSE(FromHex("0g"));
}

TEST(EqualDigests, ComparesAllBytes) {
  Sha256Digest digest = Sha256("a");
  EXPECT_TRUE(EqualDigests(digest, Sha256("a")));
  digest.back() ^= 1;
  EXPECT_FALSE(EqualDigests(digest, Sha256("a")));
}

}  // namespace
}  // namespace eris
