using Berth.Containers.Processes;

namespace Berth.Containers.Tests.Processes;

public sealed class ThrowAwayThreadTests
{
    [Fact]
    public void Run_WorkAsksItsCaller_IsDoneOnTheCallingThread()
    {
        int own = Environment.CurrentManagedThreadId, worker = 0;
        List<int> seen = [];
        int result = ThrowAwayThread.Run(caller =>
        {
            worker = Environment.CurrentManagedThreadId;
            for (int i = 0; i < 3; i++) caller.Do(() => seen.Add(Environment.CurrentManagedThreadId));
            return seen.Count;
        });
        Assert.Equal(3, result);
        Assert.NotEqual(own, worker);
        Assert.All(seen, thread => Assert.Equal(own, thread));
    }

    [Fact]
    public void Run_WhatTheCallerDoesFails_ReachesTheWorkAndThenTheCaller()
    {
        bool reached = false;
        InvalidOperationException failure = Assert.Throws<InvalidOperationException>(() => ThrowAwayThread.Run<int>(caller =>
        {
            try
            {
                caller.Do(static () => throw new InvalidOperationException("refused"));
            }
            finally
            {
                reached = true;
            }
            return 0;
        }));
        Assert.Equal("refused", failure.Message);
        Assert.True(reached);
    }
}
