#include "servers/prefork/heap.hpp"

#include "common/base/units.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

namespace echotrio::prefork {
namespace {

void write_to(char* page) noexcept {
    auto* const word = reinterpret_cast<volatile std::uint64_t*>(page);
    *word = *word + 1;
}

}  // namespace

void Heap::Unmap::operator()(char* memory) const noexcept {
    ::munmap(memory, bytes);
}

Result<Heap> Heap::create(std::uint64_t bytes, double share) {
    Heap heap;
    if (bytes == 0) return heap;
    heap.page_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::uint64_t pages = (bytes + heap.page_ - 1) / heap.page_;
    const auto there_are = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
    if (pages > there_are) {
        return Error{fmt::format("--heap: {} does not fit into this machine's {}",
                                 human_bytes(static_cast<double>(bytes)),
                                 human_bytes(static_cast<double>(there_are * heap.page_)))};
    }
    const std::size_t size = pages * heap.page_;
    void* const memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return Error{fmt::format("--heap: no memory for {}: {}",
                                 human_bytes(static_cast<double>(bytes)), std::strerror(errno))};
    }
    heap.memory_ = {static_cast<char*>(memory), Unmap{size}};
    ::madvise(memory, size, MADV_NOHUGEPAGE);  // fails where the kernel has none
    for (std::uint64_t i = 0; i < pages; ++i) write_to(heap.memory_.get() + i * heap.page_);
    const auto dirtied = static_cast<std::size_t>(std::llround(share * static_cast<double>(pages)));
    heap.next_ = heap.memory_.get();
    heap.end_ = heap.next_ + dirtied * heap.page_;
    heap.part_ = (dirtied + kReads - 1) / kReads * heap.page_;
    return heap;
}

void Heap::touch_part() noexcept {
    const auto left = static_cast<std::size_t>(end_ - next_);
    char* const end = next_ + std::min(part_, left);
    for (; next_ != end; next_ += page_) write_to(next_);
}

}  // namespace echotrio::prefork
