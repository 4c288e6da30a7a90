// The texts of /proc: any text is read or refused, and where it is read, the C++ library's streams
// read the same numbers.
#include "common/base/check.hpp"
#include "loadgen/probe/memory.hpp"
#include "loadgen/probe/proc_text.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <initializer_list>
#include <sstream>
#include <string>

namespace echotrio::test {
namespace {

using namespace loadgen;

void expect_numbers(std::istream& in, std::initializer_list<std::uint64_t> numbers) {
    for (const std::uint64_t number : numbers) {
        std::uint64_t read = 0;
        CHECK(in >> read && read == number);
    }
}

void skip(std::istream& in, int words) {
    std::string word;
    for (int i = 0; i < words; ++i) in >> word;
}

void check_stat(const std::string& text) {
    const auto stat = parse_stat(text);
    if (!stat) return;
    std::istringstream in(text);
    pid_t pid = 0;
    CHECK(in >> pid && pid == stat->pid);
    in.seekg(static_cast<std::streamoff>(text.rfind(')') + 1));
    char state = 0;
    pid_t parent = 0;
    CHECK(in >> state >> parent && state == stat->state && parent == stat->parent);
    skip(in, 5);
    expect_numbers(in, {stat->minor_faults, stat->children_minor_faults, stat->major_faults,
                        stat->children_major_faults, stat->user, stat->system, stat->children_user,
                        stat->children_system});
    skip(in, 2);
    expect_numbers(in, {stat->threads});
    skip(in, 1);
    expect_numbers(in, {stat->started});
    skip(in, 1);
    expect_numbers(in, {stat->resident_pages});
}

void check_lines_of_numbers(const std::string& text) {
    if (const auto stat = parse_schedstat(text)) {
        std::istringstream in(text);
        expect_numbers(in, {stat->on_cpu_ns, stat->waiting_ns});
    }
    if (const auto ticks = parse_cpu_ticks(text)) {
        std::istringstream in(text);
        skip(in, 1);
        expect_numbers(in, {ticks->user, ticks->nice, ticks->system, ticks->idle, ticks->io_wait,
                            ticks->irq, ticks->soft_irq, ticks->steal});
    }
    if (const auto threads = parse_thread_count(text)) {
        std::istringstream in(text);
        skip(in, 3);
        in.ignore(static_cast<std::streamsize>(text.size()), '/');
        expect_numbers(in, {*threads});
    }
}

void check_searched(const std::string& text) {
    for (const char* key : {"Pss", "VmRSS", "SUnreclaim", "KernelStack", "pswpin"}) {
        const auto number = number_after(text, key);
        CHECK(!number || text.find(std::to_string(*number)) != text.npos ||
              text.find("00") != text.npos);
    }
    for (const char* group : {"TcpExt:", "Tcp:"}) {
        parse_counter(text, group, "ListenOverflows");
        parse_counter(text, group, "RetransSegs");
    }
    parse_tcp_pages(text);
    const auto slabs = parse_slabs(text);
    CHECK(slabs.has_value() == (parse_slab(text, "TCP").has_value() &&
                                parse_slab(text, "sock_inode_cache").has_value()));
    const double stack = kernel_stack_bytes(text, text);
    CHECK(stack >= 4096 && stack <= 65536);
}

}  // namespace
}  // namespace echotrio::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(echotrio::test::text_of(data, size));
    // The kernel writes none of these; to a stream they part words, to us they do not.
    if (text.find_first_of("\r\v\f") != text.npos) return 0;
    echotrio::test::check_stat(text);
    echotrio::test::check_lines_of_numbers(text);
    echotrio::test::check_searched(text);
    return 0;
}
