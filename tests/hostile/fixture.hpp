// What every hostile test shares: a server of the model under test, a polite client beside the
// hostile ones, and what must hold afterwards.
#pragma once

#include "tests/support/server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <string_view>
#include <thread>

namespace echotrio::test {

// A client that does what it should: one small request after the other over one connection.
class PoliteClient {
  public:
    // `idle`: how long the server bears silence.
    PoliteClient(const net::HostPort& where, Nanos idle);
    ~PoliteClient() { finish(); }
    // Ends it. The longest that one of its requests took; empty when one failed.
    std::optional<Nanos> finish();
    std::uint64_t served() const { return served_; }
    // Until `n` further requests were served; false when the patience ends first.
    bool wait_for_more(std::uint64_t n) const;

  private:
    void work(const net::HostPort& where, Nanos idle);
    std::atomic<bool> stop_{false};
    std::atomic<bool> failed_{false};
    std::atomic<std::uint64_t> served_{0};
    std::atomic<Nanos::rep> worst_{0};
    std::thread thread_;
};

class Hostile : public testing::TestWithParam<const char*> {
  protected:
    // Workers enough that prefork, too, has one left for the polite client beside `hostile` ones.
    void start(std::size_t hostile, Words arguments = {});
    void TearDown() override;

    const net::HostPort& where() const { return server_->where(); }
    // The polite client was served all along, none of its requests took longer than this.
    static constexpr Nanos kPoliteBound = std::chrono::seconds(5);
    void expect_polite();
    // The bound of a drain is the operator's; on a machine that has no CPU to spare a server needs
    // longer than by default to end in order.
    static constexpr Nanos kDrainTimeout = std::chrono::minutes(1);
    // No connection is left but the one that asks; waits for it.
    void expect_all_closed() const;
    // By how much the memory of the server and its children has grown. A sanitizer keeps what was
    // freed, so there it says nothing: 0.
    double grown_bytes() const;
    // As many descriptors as before, or soon: a connection is counted as closed before it is.
    void expect_descriptors_back() const;
    std::string model() const { return of_two() ? "coroutine" : GetParam(); }
    // "coroutine-x2": two loops, a process each.
    bool of_two() const { return std::string_view(GetParam()) == "coroutine-x2"; }

    std::optional<Server> server_;
    std::optional<PoliteClient> polite_;
    double resident_before_ = 0;
    std::size_t descriptors_before_ = 0;

  private:
    double resident_bytes() const;
    std::size_t descriptors() const;
};

inline std::string hostile_name(const testing::TestParamInfo<const char*>& model) {
    return std::string_view(model.param) == "coroutine-x2" ? "coroutine_x2" : model.param;
}

}  // namespace echotrio::test
