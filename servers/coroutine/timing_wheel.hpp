// Which peer has been silent too long, without a timer per connection. Every tick has a list, in
// which those lie whose time is up then, or one or more turns of the wheel later.
#pragma once

#include "common/base/clock.hpp"

#include <boost/intrusive/list.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace echotrio::coroutine {

// The grain of all timeouts, and the sampling interval of the loop's lag.
inline constexpr Nanos kTick = std::chrono::milliseconds(10);
// Time in ticks: half the size of a TimePoint in every connection. It wraps after 497 days;
// differences are right across that.
using Ticks = std::uint32_t;

namespace intrusive = boost::intrusive;
using ListHook = intrusive::list_base_hook<intrusive::link_mode<intrusive::auto_unlink>>;

// Item: a ListHook that says when it is due(). Who is destroyed leaves its list by itself.
template <class Item>
class TimingWheel {
  public:
    using List =
        intrusive::list<Item, intrusive::base_hook<ListHook>, intrusive::constant_time_size<false>>;
    static constexpr std::size_t kSlots = 1024;  // a turn: 10 s

    // The list of those that are late when the tick `due` has passed, which is one to come.
    List& at(Ticks due) noexcept { return wheel_[due % kSlots]; }
    // Those that wait for their peer without a limit.
    List& unlimited() noexcept { return unlimited_; }
    // Those that wait for something else.
    List& busy() noexcept { return busy_; }

    // Calls late(item), which puts it into another list, for each whose tick is at most `present`.
    template <class Late>
    void expire(Ticks present, Late late) {
        for (; static_cast<std::int32_t>(present - next_) >= 0; ++next_) {
            List& list = at(next_);
            for (auto it = list.begin(); it != list.end();) {
                Item& item = *it++;
                // one that was due before it was put here is late, too; others are turns away
                if (static_cast<std::int32_t>(next_ - item.due()) >= 0) late(item);
            }
        }
    }

    template <class Visit>
    void each_waiting(Visit visit) {
        for (List& list : wheel_) {
            for (Item& item : list) visit(item);
        }
        for (Item& item : unlimited_) visit(item);
    }

  private:
    std::array<List, kSlots> wheel_;
    List unlimited_;
    List busy_;
    Ticks next_ = 0;
};

}  // namespace echotrio::coroutine
