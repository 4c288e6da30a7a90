// CPU work under the global lock: slices with a checkpoint between them, the "bytecode" boundary
// at which a thread may be made to give the lock up.
#pragma once

#include "common/work/burner.hpp"
#include "servers/threads/gil.hpp"

#include <algorithm>

namespace echotrio::threads {

// The thread must hold the lock; it holds it again when this returns.
inline void burn(Nanos amount, const work::Burner& burner, Gil& gil) {
    const Nanos grain = gil.grain();
    for (Nanos left = amount; left > Nanos(0); left -= grain) {
        burner.burn_slice(std::min(left, grain));
        gil.checkpoint();
    }
}

}  // namespace echotrio::threads
