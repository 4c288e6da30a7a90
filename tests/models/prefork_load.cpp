#include "tests/models/prefork_load.hpp"

#include <string>
#include <string_view>

namespace echotrio::test {
namespace {

constexpr std::string_view kMessage = "a message of a fixed length, 48 bytes altogether";

}  // namespace

std::vector<int> workers_of(const nlohmann::json& stats) {
    auto pids = stats.at("pids").get<std::vector<int>>();
    pids.erase(pids.begin());  // the supervisor
    return pids;
}

Load::Load(const net::HostPort& where, const std::vector<Kind>& clients)
    : where_(where), clients_(clients.size()) {
    for (std::size_t i = 0; i < clients.size(); ++i) {
        clients_[i].thread = std::thread(
            [this, kind = clients[i], &tally = clients_[i].tally] { run(kind, tally); });
    }
}

Load::~Load() {
    stop();
}

void Load::wait_for(std::uint64_t more) const {
    const std::uint64_t goal = answered_.load() + more;
    eventually([&] { return answered_.load() >= goal; });
}

Load::Tally Load::stop() {
    stopping_.store(true);
    Tally sum;
    for (Worker& client : clients_) {
        if (client.thread.joinable()) client.thread.join();
        sum.answered += client.tally.answered;
        sum.refused += client.tally.refused;
        sum.lost += client.tally.lost;
        sum.wrong += client.tally.wrong;
        sum.connections += client.tally.connections;
    }
    return sum;
}

void Load::run(Kind kind, Tally& tally) {
    while (!stopping_.load()) {
        Client client(where_);
        if (!client.connected()) {
            ++tally.refused;
            continue;
        }
        ++tally.connections;
        bool last = false;
        while (!last && !stopping_.load()) {
            if (!request(client, kind, tally, last)) break;
            answered_.fetch_add(1);
        }
        client.finish();
        client.receive_all();  // it has ended on the server's side too
    }
}

bool Load::request(Client& client, Kind kind, Tally& tally, bool& last) const {
    if (kind == Kind::http) {
        client.send("GET /echo/hi HTTP/1.1\r\nHost: test\r\n\r\n");
        auto reply = client.reply();
        if (!reply) {
            ++tally.lost;
            return false;
        }
        last = reply->headers["connection"] == "close";
        (reply->status == 200 && reply->body == "hi" ? tally.answered : tally.wrong) += 1;
        return true;
    }
    client.send(kMessage);
    const std::string echo = client.receive(kMessage.size());
    if (echo.size() < kMessage.size()) {
        ++tally.lost;
        return false;
    }
    (echo == kMessage ? tally.answered : tally.wrong) += 1;
    last = kind == Kind::churn;
    return true;
}

}  // namespace echotrio::test
