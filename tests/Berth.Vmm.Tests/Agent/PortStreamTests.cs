using Berth.Devices;
using Berth.Vmm.Agent;

namespace Berth.Vmm.Tests.Agent;

public sealed class PortStreamTests
{
    [Fact]
    public async Task Read_WhatTheGuestWrote_ComesInOrder()
    {
        await using PortStream stream = new();
        byte[] sent = new byte[300_000];
        new Random(1).NextBytes(sent);
        Task writer = Task.Run(() =>
        {
            for (int at = 0; at < sent.Length; at += 1000) ((IByteSink)stream).Write(sent.AsSpan(at, 1000));
        }, TestMachine.Token);
        byte[] received = new byte[sent.Length];
        await stream.ReadExactlyAsync(received, TestMachine.Token);
        await writer;
        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task Write_MoreThanIsHeld_WaitsForTheReaderAndEndsWithTheStream()
    {
        PortStream stream = new();
        Task flood = Task.Run(() =>
        {
            for (int i = 0; i < 64; i++) ((IByteSink)stream).Write(new byte[64 << 10]);
        }, TestMachine.Token);
        byte[] one = new byte[1];
        Assert.Equal(1, await stream.ReadAsync(one, TestMachine.Token));
        Assert.False(flood.IsCompleted);
        await stream.DisposeAsync();
        await flood; // released, its data dropped
    }

    [Fact]
    public async Task Read_AfterTheEnd_IsZero()
    {
        PortStream stream = new();
        ValueTask<int> reading = stream.ReadAsync(new byte[1], TestMachine.Token);
        await stream.DisposeAsync();
        Assert.Equal(0, await reading);
    }
}
