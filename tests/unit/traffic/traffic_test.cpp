// What is read from access logs, CSV and NDJSON, and what is skipped and why.
#include "tests/unit/traffic/reading.hpp"

namespace echotrio::loadgen {
namespace {

TEST(Traffic, ACombinedLog) {
    const Traffic traffic = read(
        R"(10.0.0.1 - - [31/Jan/2026:12:00:00 +0100] "GET /a?x=1 HTTP/1.1" 200 612 "-" "curl"
10.0.0.2 - ann lee [31/Jan/2026:12:00:01 +0100] "POST /b HTTP/2.0" 201 5 "http://x/" "a \"b\""
example.org:443 ::1 - - [31/Jan/2026:11:00:03 +0000] "HEAD http://example.org/c#d HTTP/1.0" 200 -
)");
    EXPECT_EQ(traffic.format, TrafficFormat::log);
    EXPECT_EQ(lines_of(traffic),
              (Lines{"0 GET /a?x=1 ?", "1000000000 POST /b ?", "3000000000 HEAD /c ?"}));
    EXPECT_TRUE(traffic.spread);
    EXPECT_EQ(traffic.all_skipped(), 0);
    EXPECT_EQ(traffic.recording->origin(), 1769857200'000'000'000);
}

TEST(Traffic, WhatALogHoldsThatCanNotBeSentIsCountedByReason) {
    const Traffic traffic = read(
        R"(1.2.3.4 - - [31/Jan/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 1
1.2.3.4 - - [31/Jan/2026:12:00:00 +0000] "-" 408 0
1.2.3.4 - - [31/Jan/2026:12:00:00 +0000] "\x16\x03\x01" 400 0
1.2.3.4 - - [31/Jan/2026:12:00:00 +0000] "CONNECT a:443 HTTP/1.1" 400 0
1.2.3.4 - - [31/Jan/2026:12:00:00 +0000] "GET /a\x00b HTTP/1.1" 400 0
1.2.3.4 - - [31/Jan/2026:12:00:00 +0000] "OPTIONS * HTTP/1.1" 200 0
1.2.3.4 - - [31/Jan/2026:12:00:00 +0000] "PLAY rtsp://a/b RTSP/1.0" 400 0
1.2.3.4 - - [31/Feb/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 1
one two three

1.2.3.4 - - [31/Jan/2026:12:00:00 +0000] "GET /b c HTTP/1.1" 400 0
1.2.3.4 - - [31/Jan/2026:12:00:00 +0000] "GET /end HTTP/1.1" 200 1)");
    EXPECT_EQ(lines_of(traffic), (Lines{"0 GET / ?", "500000000 GET /end ?"}));
    EXPECT_EQ(skipped(traffic, Skip::malformed).count, 3);
    EXPECT_EQ(skipped(traffic, Skip::malformed).first, 2);
    EXPECT_EQ(skipped(traffic, Skip::method).first, 4);
    EXPECT_EQ(skipped(traffic, Skip::path).count, 3) << "a byte 0, *, a blank";
    EXPECT_EQ(skipped(traffic, Skip::path).first, 5);
    EXPECT_EQ(skipped(traffic, Skip::protocol).first, 7);
    EXPECT_EQ(skipped(traffic, Skip::time).first, 8);
    EXPECT_EQ(traffic.all_skipped(), 9);
    EXPECT_EQ(skipped_words(traffic),
              "3 lines not understood (the first: line 2), 1 without a usable time (line 8), 1 of "
              "another protocol (line 7), 1 with a method that can't be sent (line 4), 3 with a "
              "path that can't be sent (the first: line 5)");
}

TEST(Traffic, LogsAreWrittenAtTheEndOfARequestSoTheyAreSorted) {
    const Traffic traffic = read(
        R"(h - - [31/Jan/2026:12:00:05 +0000] "GET /slow HTTP/1.1" 200 1
h - - [31/Jan/2026:12:00:04 +0000] "GET /b HTTP/1.1" 200 1
h - - [31/Jan/2026:12:00:05 +0000] "GET /c HTTP/1.1" 200 1
h - - [31/Jan/2026:12:00:04 +0000] "GET /d HTTP/1.1" 200 1
)");
    EXPECT_EQ(lines_of(traffic), (Lines{"0 GET /b ?", "500000000 GET /d ?",
                                        "1000000000 GET /slow ?", "1500000000 GET /c ?"}));
    EXPECT_EQ(traffic.out_of_order, 2);
}

TEST(Traffic, CsvWithAndWithoutNames) {
    const Lines lines{"0 GET /a,b ?", "250000000 POST /c 12"};
    EXPECT_EQ(lines_of(read("time,method,path,bytes\n1.5,GET,\"/a,b\",\n1.75,POST,/c,12\n")),
              lines);
    EXPECT_EQ(lines_of(read("1.5,GET,\"/a,b\"\r\n# why\r\n1.75,POST,/c,12")), lines);
    EXPECT_EQ(lines_of(read("Path, host ,Bytes,TIME,method\n"
                            "\"/a,b\",x,-,1970-01-01T00:00:01.5Z,GET\n"
                            "/c,y,12,1970-01-01 01:00:01.75+01:00,POST\n")),
              lines);
}

TEST(Traffic, CsvOfTimesAlone) {
    const Traffic traffic = read("time\n10.0\n10.0\n12.25\n");
    EXPECT_EQ(traffic.format, TrafficFormat::csv);
    EXPECT_FALSE(traffic.spread) << "a time with a point is meant as it is";
    EXPECT_EQ(lines_of(traffic), (Lines{"0   ?", "0   ?", "2250000000   ?"}));
    EXPECT_TRUE(read("time\n10\n10\n12\n").spread);
}

TEST(Traffic, CsvLinesThatAreWrong) {
    const Traffic traffic = read(
        "time,method,path,bytes\n"
        "yesterday,GET,/,0\n"
        "1.0,GET,\"/a\n"
        "1.0,GET,/a,many\n"
        "1.0,GET,a,0\n"
        "1.0,G T,/a,0\n"
        "1.0,PUT,/a,67108865\n"
        "1.0,PUT,/a,67108864\n"
        "1e99,PUT,/a,1\n"
        "9999999999999,PUT,/a,1\n"
        "-1,PUT,/a,1\n");
    EXPECT_EQ(lines_of(traffic), Lines{"0 PUT /a 67108864"});
    EXPECT_EQ(skipped(traffic, Skip::time).count, 4);
    EXPECT_EQ(skipped(traffic, Skip::malformed).count, 2);
    EXPECT_EQ(skipped(traffic, Skip::path).count, 1);
    EXPECT_EQ(skipped(traffic, Skip::method).count, 1);
    EXPECT_EQ(skipped(traffic, Skip::body).count, 1);
}

TEST(Traffic, Ndjson) {
    const Traffic traffic = read(
        R"({"time":1764031200.000000001,"method":"GET","path":"/a"}
{"path":"/\u0062","bytes":7,"method":"POST","time":"2025-11-25T00:40:00.5Z","more":{"time":[1]}}
{"bytes":3.0,"time":1764031201}
)");
    EXPECT_EQ(traffic.format, TrafficFormat::ndjson);
    EXPECT_EQ(lines_of(traffic), (Lines{"0 GET /a ?", "499999999 POST /b 7", "999999999   3"}));
    EXPECT_EQ(traffic.recording->origin(), 1764031200'000'000'001);
}

TEST(Traffic, NdjsonLinesThatAreWrong) {
    const Traffic traffic = read(
        R"({"time":1.0,"path":"/"}
{"time":1.0,"path":"/"
[{"time":1.0,"path":"/"}]
{"path":"/"}
{"time":true,"path":"/"}
{"time":"noon","path":"/"}
{"time":1.0,"path":7}
{"time":1.0,"path":"/","bytes":"7"}
{"time":1.0,"path":"/","bytes":18446744073709551615}
{"time":1.0,"path":"/","bytes":1.5}
{"time":1.0,"path":"/é"}
{"time":1e400,"path":"/"}
{"time":1.0,"path":{"a":1}}
)");
    EXPECT_EQ(lines_of(traffic), Lines{"0  / ?"});
    EXPECT_EQ(skipped(traffic, Skip::time).count, 1);
    EXPECT_EQ(skipped(traffic, Skip::path).count, 1);
    EXPECT_EQ(skipped(traffic, Skip::body).count, 1);
    EXPECT_EQ(skipped(traffic, Skip::malformed).count, 9);
}

TEST(Traffic, ALineIsAtMost64KiB) {
    const std::string path(Source::kLongestLine, 'a');
    const Traffic traffic = read("time,method,path\n1.0,GET,/a\n1.0,GET,/" + path +
                                 "\n1.0,GET,/b\n1.0,GET,/" + path + path + path + "\n");
    EXPECT_EQ(lines_of(traffic), (Lines{"0 GET /a ?", "0 GET /b ?"}));
    EXPECT_EQ(skipped(traffic, Skip::too_long).count, 2);
    EXPECT_EQ(skipped(traffic, Skip::too_long).first, 3);
}

TEST(Traffic, WhatIsNoneIsSaidInOneLine) {
    const auto why = [](const std::string& text,
                        std::optional<TrafficFormat> format = std::nullopt) {
        const auto traffic = try_read(text, format);
        EXPECT_FALSE(traffic.ok()) << text;
        const std::string message = traffic ? "" : traffic.error().message;
        EXPECT_EQ(message.find('\n'), std::string::npos);
        return message;
    };
    EXPECT_NE(why("").find("begins with nothing"), std::string::npos);
    EXPECT_NE(why("hello\n").find("begins with nothing"), std::string::npos);
    EXPECT_NE(why("\x1f\x8b\x08").find("compressed"), std::string::npos);
    EXPECT_NE(why("time,path\n").find("no request"), std::string::npos);
    EXPECT_NE(why("time,path\nx,/\n").find("1 line without a usable time (line 2)"),
              std::string::npos);
    EXPECT_NE(why("hello\n", TrafficFormat::log).find("not understood"), std::string::npos);
    EXPECT_NE(why("hello\n", TrafficFormat::har).find("not JSON"), std::string::npos);
}

TEST(Traffic, AFormatIsRecognisedBehindLinesThatAreOfNone) {
    EXPECT_EQ(read("\xef\xbb\xbf\n# a comment\ntime\n1.0\n").format, TrafficFormat::csv);
    EXPECT_EQ(read("garbage\nh - - [31/Jan/2026:12:00:05 +0000] \"GET / HTTP/1.1\" 200 1\n").format,
              TrafficFormat::log);
    EXPECT_EQ(read("\n {\"time\":1}\n").format, TrafficFormat::ndjson);
}

TEST(Traffic, ARecordLineReadsBackAsWritten) {
    std::string text;
    const std::string odd = "/\"\\\\\"'<>{}|%00?&";
    text += format_record_line(1'764'031'200'000'000'001, {"PROPFIND", odd}, 0);
    text += format_record_line(1'764'031'200'123'456'789, {}, 64);
    text += format_record_line(1'764'031'201'000'000'000, {"GET", "/"}, RecordedRequest::kUnknown);
    EXPECT_EQ(lines_of(read(text)),
              (Lines{"0 PROPFIND " + odd + " 0", "123456788   64", "999999999 GET / ?"}));
}

}  // namespace
}  // namespace echotrio::loadgen
