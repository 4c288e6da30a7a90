// URLs, request classes and shards: what is read can go into a request as it is, and written again
// it reads back as the same.
#include "common/base/check.hpp"
#include "loadgen/engine/run.hpp"
#include "loadgen/engine/shard.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace echotrio::test {
namespace {

using namespace loadgen;

bool printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

void check_url(const std::string& text) {
    const auto target = parse_target(text);
    if (!target) return;
    CHECK(target->path.starts_with('/') && printable(target->path));
    CHECK(target->where.port != 0 && printable(target->where.host));
    const bool http = target->scheme == Scheme::http;
    const auto again =
        parse_target(fmt::format("{}://{}{}", http ? "http" : "tcp",
                                 net::format_host_port(target->where), http ? target->path : ""));
    CHECK(again.ok() && again->scheme == target->scheme && again->path == target->path &&
          again->where.host == target->where.host && again->where.port == target->where.port);
}

void check_class(const std::string& text) {
    const auto one = parse_class(text);
    if (!one) return;
    CHECK(!one->name.empty() && one->weight > 0 && std::isfinite(one->weight));
    CHECK(one->path.starts_with('/') && printable(one->path));
    const auto again = parse_class(fmt::format("{}:{}:{}", one->name, one->weight, one->path));
    CHECK(again.ok() && again->name == one->name && again->weight == one->weight &&
          again->path == one->path);
}

void check_shard(std::string_view text) {
    const auto shard = parse_shard(text);
    if (!shard) return;
    CHECK(shard->index >= 1 && shard->index <= shard->of);
    if (shard->of > 100) return;
    std::uint64_t sum = 0;
    for (std::uint64_t i = 1; i <= shard->of; ++i) sum += part_of(12'345, {i, shard->of});
    CHECK(sum == 12'345);
}

}  // namespace
}  // namespace echotrio::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(echotrio::test::text_of(data, size));
    echotrio::test::check_url(text);
    echotrio::test::check_class(text);
    echotrio::test::check_shard(text);
    return 0;
}
