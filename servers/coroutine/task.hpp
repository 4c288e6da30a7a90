// Task: a coroutine that runs by itself until it ends (nobody awaits it), and how an Asio operation
// resumes it. A coroutine waits for one thing at a time, so the memory of that one operation lies
// in its frame: suspending allocates nothing, and an idle connection is its frame and Asio's
// descriptor, no more.
#pragma once

#include <asio/associated_allocator.hpp>
#include <asio/error_code.hpp>

#include <coroutine>
#include <cstddef>
#include <new>

namespace echotrio::coroutine {

// Room for one Asio operation. The largest in use, a wait for readiness, takes 80 bytes with Asio
// 1.22; what another release makes larger goes to the heap, which costs memory, not correctness.
class OperationSlot {
  public:
    void* take(std::size_t bytes) {
        return bytes <= sizeof memory_ ? memory_ : ::operator new(bytes);
    }
    // By the size, as it was taken: the compiler knows that, so one of the two is left of each.
    void give_back(void* memory, std::size_t bytes) noexcept {
        if (bytes > sizeof memory_) ::operator delete(memory, bytes);
    }

  private:
    // pointers and counters only: a stricter alignment would pad every frame
    alignas(void*) std::byte memory_[80];
};

template <class T>
struct SlotAllocator {
    using value_type = T;
    explicit SlotAllocator(OperationSlot& s) noexcept : slot(&s) {}
    template <class U>
    SlotAllocator(const SlotAllocator<U>& other) noexcept : slot(other.slot) {}
    T* allocate(std::size_t n) { return static_cast<T*>(slot->take(n * sizeof(T))); }
    void deallocate(T* memory, std::size_t n) noexcept { slot->give_back(memory, n * sizeof(T)); }
    bool operator==(const SlotAllocator&) const = default;

    OperationSlot* slot;
};

class [[nodiscard]] Task {
  public:
    struct promise_type {
        OperationSlot slot;

        Task get_return_object() noexcept { return Task(true); }
        static Task get_return_object_on_allocation_failure() noexcept { return Task(false); }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        // Out of memory ends this one coroutine, whose destructors have run; anything else is a
        // bug, and leaving a noexcept function aborts.
        void unhandled_exception() noexcept {
            try {
                throw;
            } catch (const std::bad_alloc&) {
            }
        }
    };

    bool started() const noexcept { return started_; }  // false: no memory for the frame

  private:
    explicit Task(bool started) noexcept : started_(started) {}
    bool started_;
};

using Handle = std::coroutine_handle<Task::promise_type>;

// The completion handler of every operation: goes on with the coroutine. What the operation came to
// does not matter here, since the system call that follows tells.
struct Resume {
    Handle coroutine;

    using allocator_type = SlotAllocator<std::byte>;
    allocator_type get_allocator() const noexcept {
        return allocator_type(coroutine.promise().slot);
    }
    void operator()(asio::error_code = {}) const { coroutine.resume(); }
};

}  // namespace echotrio::coroutine
