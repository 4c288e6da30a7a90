// Counts what goes through operator new: linking allocations.cpp replaces it in the whole program.
#pragma once

#include <cstddef>

namespace echotrio::test {

std::size_t allocations() noexcept;  // so far
std::size_t live_bytes() noexcept;   // as malloc rounds them

}  // namespace echotrio::test
