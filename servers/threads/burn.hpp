// CPU work under the global lock: slices with a checkpoint between them, the "bytecode" boundary
// at which a thread may be made to give the lock up.
#pragma once

#include "common/work/burner.hpp"
#include "servers/threads/gil.hpp"

namespace echotrio::threads {

// The thread must hold the lock; it holds it again when this returns.
inline void burn(Nanos amount, const work::Burner& burner, Gil& gil) {
    burner.burn(amount, gil.grain(), [&gil] { gil.checkpoint(); });
}

}  // namespace echotrio::threads
