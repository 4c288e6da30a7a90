// HAR, as browsers write it, and as nobody should.
#include "tests/unit/traffic/reading.hpp"

namespace echotrio::loadgen {
namespace {

std::string har(const std::string& entries) {
    return R"({"log":{"version":"1.2","creator":{"name":"x","entries":[1,{"request":{}}]},)"
           R"("pages":[{"startedDateTime":"2026-01-31T12:00:00Z"}],"entries":[)" +
           entries + R"(],"comment":"after"}})";
}

std::string entry(const std::string& time, const std::string& request,
                  const std::string& more = "") {
    return R"({"startedDateTime":")" + time + R"(","time":3,)" + more + R"("request":{)" + request +
           R"(},"response":{"status":200,"request":{"method":"NO"},"content":{"text":"a body"}}})";
}

TEST(Har, Entries) {
    const Traffic traffic = read(har(
        entry("2026-01-31T12:00:00.500Z", R"("method":"GET","url":"https://example.org/a?b=c#d",
              "headers":[{"name":"url","value":"x"}],"bodySize":-1)") +
        "," + entry("2026-01-31T13:00:00.250+01:00", R"("url":"http://example.org","method":"POST",
              "bodySize":12,"postData":{"text":"not counted"})") +
        "," + entry("2026-01-31T12:00:00.500Z", R"("method":"PUT","url":"http://e/p","bodySize":-1,
              "postData":{"mimeType":"text/plain","text":"four"})")));
    EXPECT_EQ(traffic.format, TrafficFormat::har);
    EXPECT_EQ(lines_of(traffic),
              (Lines{"0 POST / 12", "250000000 GET /a?b=c ?", "250000000 PUT /p 4"}));
    EXPECT_EQ(traffic.out_of_order, 1);
    EXPECT_EQ(traffic.all_skipped(), 0);
}

TEST(Har, WhatIsNotSentIsCountedByReason) {
    const Traffic traffic = read(
        har(entry("2026-01-31T12:00:00.5Z", R"("method":"GET","url":"data:image/png;base64,AA")") +
            "," + entry("2026-01-31T12:00:00.5Z", R"("method":"GET","url":"wss://e/s")") + "," +
            entry("noon", R"("method":"GET","url":"http://e/")") + "," +
            entry("2026-01-31T12:00:00.5Z", R"("method":"GET","url":"http://e/")",
                  R"("_fromCache":"memory",)") +
            "," + entry("2026-01-31T12:00:00.5Z", R"("method":"GET")") + "," +
            entry("2026-01-31T12:00:00.5Z", R"("method":"GET","url":"http://e/last")")));
    EXPECT_EQ(lines_of(traffic), Lines{"0 GET /last ?"});
    EXPECT_EQ(skipped(traffic, Skip::protocol).count, 2);
    EXPECT_EQ(skipped(traffic, Skip::time).first, 3);
    EXPECT_EQ(skipped(traffic, Skip::cached).first, 4);
    EXPECT_EQ(skipped(traffic, Skip::malformed).first, 5);
    EXPECT_NE(skipped_words(traffic).find("1 entry not understood (entry 5)"), std::string::npos)
        << skipped_words(traffic);
}

TEST(Har, OfAnySizeOfPieces) {
    const std::string text =
        har(entry("2026-01-31T12:00:00.500Z", R"("method":"GET","url":"https://e/a")"));
    for (const std::size_t piece : {1U, 7U, 4096U}) {
        const auto traffic = read_traffic(from_text(text, piece), std::nullopt);
        ASSERT_TRUE(traffic.ok());
        EXPECT_EQ(lines_of(*traffic), Lines{"0 GET /a ?"});
    }
}

TEST(Har, WhatIsNone) {
    const auto why = [](const std::string& text) {
        const auto traffic = try_read(text, TrafficFormat::har);
        EXPECT_FALSE(traffic.ok());
        return traffic ? "" : traffic.error().message;
    };
    EXPECT_EQ(why(R"({"log":{"entries":[)"), "not JSON at byte 20");
    EXPECT_EQ(why(R"({"log":{"pages":[]}})"), "it has no log.entries");
    EXPECT_NE(why(har("")).find("no request"), std::string::npos);
    EXPECT_NE(why(R"({"log":{"a":")" + std::string((64 << 20) + 10, 'x') + "\"}}").find("64 MiB"),
              std::string::npos);
    EXPECT_NE(why(std::string(1 << 20, '[')).find("not JSON"), std::string::npos);
}

}  // namespace
}  // namespace echotrio::loadgen
