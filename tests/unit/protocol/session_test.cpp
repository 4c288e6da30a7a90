#include "tests/support/session_driver.hpp"

#include <gtest/gtest.h>

#include <iostream>
using namespace echotrio;
using namespace echotrio::test;
TEST(Smoke, All) {
    auto show = [](std::string_view in, std::size_t piece = 1 << 30) {
        auto o = converse(in, piece);
        std::cout << "--- " << o.output << "\n[closed " << (o.closed ? int(*o.closed) : -1)
                  << " shut " << o.shut_down << "]\n";
        auto p = converse(in, 1);
        EXPECT_EQ(o.output, p.output);
    };
    show("hello world\n");
    show(
        "GET /echo/hi%20there HTTP/1.1\r\nHost: x\r\n\r\nGET /echo/two HTTP/1.1\r\nHost: "
        "x\r\n\r\n");
    show(
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Type: a/b\r\n\r\nhelloPOST "
        "/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n "
        "world\r\n0\r\nFoo: bar\r\n\r\nGET /stats HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET "
        "/metrics HTTP/1.0\r\n\r\n");
    show(
        "GET / HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET /x "
        "HTTP/1.1\r\nHost: x\r\n\r\nDELETE /echo HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz "
        "HTTP/1.1\r\nHost: x\r\n\r\nFOO / HTTP/1.1\r\n\r\n");
    show(
        "GET /echo/a?cpu=5 HTTP/1.1\r\nHost: x\r\n\r\nGET /echo/a?cpu=5ms HTTP/1.1\r\nHost: "
        "x\r\n\r\nGET / HTTP/1.1\r\nHost: x\n\r\n");
    std::cout << sizeof(protocol::Session) << "\n";
}
