using System.Text.Json;
using Berth.Testing;
using Berth.Vmm.Control;

namespace Berth.Vmm.Tests;

/// <summary>One machine that runs while the tests of a class ask it for things; a boot is expensive.</summary>
public sealed class RunningMachine : IAsyncLifetime
{
    internal TestMachine Machine { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Machine = await TestMachine.StartAsync(["sh", "-c", "echo ready; exec sleep 100000"], static c => c with { Cpus = 2 });
        Assert.Equal("ready", await Machine.Process.StandardOutput.ReadLineAsync());
    }

    public ValueTask DisposeAsync() => Machine.DisposeAsync();

    /// <summary>Runs a process in the guest through the program that stands for it.</summary>
    internal Task<CommandResult> ExecAsync(WorkloadConfig process, string input = "") => Command.RunAsync(TestMachine.Program,
        ["exec", Machine.ControlSocket, JsonSerializer.Serialize(process, ControlJson.Default.WorkloadConfig)], null, System.Text.Encoding.UTF8.GetBytes(input), TestMachine.Token);

    internal Task<CommandResult> ShellAsync(string command, string input = "") =>
        ExecAsync(new() { Args = ["sh", "-c", command], Env = ["PATH=/bin"], OpenStdin = input.Length > 0 }, input);
}
