#include "common/base/fnv1a.hpp"

#include <gtest/gtest.h>

namespace echotrio {
namespace {

// From draft-eastlake-fnv, appendix C: 64 bits, without a NUL at the end.
TEST(Fnv1a, TakesBytesAsPublished) {
    EXPECT_EQ(fnv1a(""), 0xcbf29ce484222325U);
    EXPECT_EQ(fnv1a("a"), 0xaf63dc4c8601ec8cU);
    EXPECT_EQ(fnv1a("foobar"), 0x85944171f73967e8U);
}

TEST(Fnv1a, GoesOnFromWhatCameBefore) {
    EXPECT_EQ(fnv1a("bar", fnv1a("foo")), fnv1a("foobar"));
    EXPECT_EQ(fnv1a(std::uint64_t{0x6261}), fnv1a({"ab\0\0\0\0\0\0", 8}));
}

}  // namespace
}  // namespace echotrio
