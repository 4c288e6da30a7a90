#include "common/supervise/slot_memory.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace echotrio::supervise {

Result<SlotMemory> SlotMemory::shared(std::size_t bytes) {
    void* memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return Error{fmt::format("cannot map the scoreboard: {}", std::strerror(errno))};
    }
    return SlotMemory({memory, Release{bytes}});
}

SlotMemory SlotMemory::alone(std::size_t bytes) {
    return SlotMemory({::operator new (bytes, std::align_val_t{kCacheLine}), Release{}});
}

void SlotMemory::Release::operator()(void* memory) const noexcept {
    if (mapped > 0) {
        ::munmap(memory, mapped);
    } else {
        ::operator delete (memory, std::align_val_t{kCacheLine});
    }
}

}  // namespace echotrio::supervise
