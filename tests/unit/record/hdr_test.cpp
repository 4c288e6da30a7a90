// The HDR V2 format: there and back, damaged input, and what a foreign reader makes of it.
#include "common/base/rng.hpp"
#include "loadgen/record/base64.hpp"
#include "loadgen/record/hdr_codec.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>

namespace echotrio::loadgen {
namespace {

Histogram sample(std::uint64_t seed, int values) {
    Rng rng(seed);
    Histogram histogram;
    for (int i = 0; i < values; ++i) {
        histogram.record(static_cast<std::int64_t>(std::exp(11 + 1.5 * rng.normal())));
    }
    return histogram;
}

TEST(Base64, KnownVectors) {  // RFC 4648, section 10
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, coded] : vectors) {
        EXPECT_EQ(encode_base64(plain), coded);
        EXPECT_EQ(decode_base64(coded), plain);
    }
    EXPECT_FALSE(decode_base64("Zg="));
    EXPECT_FALSE(decode_base64("Z*=="));
    EXPECT_FALSE(decode_base64("=Zg="));
}

TEST(HdrCodec, RoundTrips) {
    for (const int values : {0, 1, 2, 100, 30'000}) {
        const Histogram histogram = sample(static_cast<std::uint64_t>(values), values);
        const auto back = decode_hdr(encode_hdr(histogram));
        ASSERT_TRUE(back) << back.error().message;
        EXPECT_EQ(*back, histogram);
    }
}

TEST(HdrCodec, RoundTripsTheExtremes) {
    Histogram histogram;
    histogram.record(0);
    histogram.record(Histogram::kHighest, std::uint64_t{1} << 62U);
    histogram.record(5000, 127);
    histogram.record(6000, 128);
    const auto back = decode_hdr(encode_hdr(histogram));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, histogram);
}

TEST(HdrCodec, RefusesWhatIsDamaged) {
    const std::string good = encode_hdr(sample(3, 1000));
    EXPECT_FALSE(decode_hdr(""));
    EXPECT_FALSE(decode_hdr("not base64!"));
    EXPECT_FALSE(decode_hdr("AAAA"));
    Rng rng(5);
    for (int i = 0; i < 2000; ++i) {  // no crash, no reading beyond the end: run under ASan
        std::string damaged = *decode_base64(good);
        for (std::uint64_t k = 0; k <= rng.below(4); ++k) {
            damaged[rng.below(damaged.size())] = static_cast<char>(rng.next());
        }
        if (rng.below(2) == 0) damaged.resize(rng.below(damaged.size()));
        const auto back = decode_hdr(encode_base64(damaged));
        if (!back) {
            EXPECT_FALSE(back.error().message.empty());
        }
    }
}

TEST(HdrLog, RoundTrips) {
    const std::vector<HdrLogLine> lines{{"", 0, 10, sample(1, 5000)},
                                        {"service_time", 0, 10, sample(2, 5000)}};
    const auto back = parse_hdr_log(format_hdr_log(1.7e9, lines));
    ASSERT_TRUE(back) << back.error().message;
    ASSERT_EQ(back->size(), 2U);
    EXPECT_EQ((*back)[1].tag, "service_time");
    EXPECT_EQ((*back)[0].histogram, lines[0].histogram);
    EXPECT_EQ((*back)[1].histogram, lines[1].histogram);
    EXPECT_EQ((*back)[1].length_s, 10);
    EXPECT_FALSE(parse_hdr_log("1.0,2.0\n"));
    EXPECT_FALSE(parse_hdr_log("a,b,c,AAAA\n"));
}

constexpr const char* kJar = "/usr/share/java/hdrhistogram.jar";

// Percentiles by HdrHistogram's own log processor: value in the log's unit by percentile.
std::map<double, double> java_percentiles(const std::string& file) {
    const std::string command = fmt::format(
        "java -Xshare:auto -XX:TieredStopAtLevel=1 -cp {} org.HdrHistogram.HistogramLogProcessor "
        "-i {} -outputValueUnitRatio 1 2>/dev/null",
        kJar, file);
    std::map<double, double> found;
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    std::array<char, 512> line{};
    bool table = false;
    while (std::fgets(line.data(), line.size(), pipe.get()) != nullptr) {
        const std::string text = line.data();
        if (text.find("Percentile TotalCount") != std::string::npos) table = true;
        double value = 0;
        double share = 0;
        if (table && std::sscanf(text.c_str(), "%lf %lf", &value, &share) == 2) {
            found.emplace(share * 100, value);
        }
    }
    return found;
}

TEST(HdrLog, JavaReadsTheSamePercentiles) {
    if (!std::filesystem::exists(kJar) || std::system("java -version >/dev/null 2>&1") != 0) {
        GTEST_SKIP() << "needs java and " << kJar << " (packages default-jre-headless and "
                     << "libhdrhistogram-java)";
    }
    const Histogram histogram = sample(9, 50'000);
    const auto file = std::filesystem::temp_directory_path() /
                      fmt::format("echotrio_hdr_{}.hlog", Rng(std::random_device{}()).next());
    std::ofstream(file) << format_hdr_log(1.7e9, {{"", 0, 10, histogram}});
    const auto percentiles = java_percentiles(file.string());
    std::filesystem::remove(file);
    ASSERT_GT(percentiles.size(), 20U);
    for (const auto& [percentile, value] : percentiles) {
        // The table's percentiles are printed with 12 digits: their rank may be off by one.
        const auto near = [&](double p) {
            return static_cast<double>(histogram.value_at_percentile(p));
        };
        EXPECT_GE(value, near(percentile - 1e-8)) << percentile;
        EXPECT_LE(value, near(std::min(100.0, percentile + 1e-8))) << percentile;
    }
}

}  // namespace
}  // namespace echotrio::loadgen
