using Berth.Cpu;
using Berth.Devices.Virtio;
using Berth.Disks;
using Berth.Machine;
using Berth.Testing;
using Berth.Vmm.Boards;

namespace Berth.Vmm.Tests;

public sealed class GarbageTests
{
    private const int Rounds = 20_000;

    // A guest may also send itself to nowhere; then its time is over.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>BERTH_FUZZ_ROUNDS multiplies the number of machines, BERTH_FUZZ_SEED chooses others.</summary>
    [Fact]
    public async Task Board_GuestWritesGarbageEverywhere_EndsInOrder()
    {
        int machines = 8 * int.Parse(Environment.GetEnvironmentVariable("BERTH_FUZZ_ROUNDS") ?? "1", null);
        uint seed = uint.Parse(Environment.GetEnvironmentVariable("BERTH_FUZZ_SEED") ?? "1", null) * 7919;
        using var folder = new TemporaryDirectory();
        using RawDisk disk = RawDisk.Create(folder.Combine("disk"), 1 << 20);
        int finished = 0;
        for (uint i = 0; i < machines; i++)
        {
            using Board board = new(new SoftwareHypervisor(), new GuestMemory(16 << 20), cpus: 2, new BoardBackends
            {
                Serial = new SilentSink(),
                AgentPort = new VirtioConsolePort("berth.agent", new SilentSink()),
                Disks = [disk],
            });
            MapRegions(board);
            board.Start(GarbageProgram.Load(board.Memory, seed + i, Rounds));
            await Task.WhenAny(board.Ended, Task.Delay(s_patience, TestContext.Current.CancellationToken));
            if (board.Ended.IsCompleted) Assert.True((await board.Ended).End != BoardEnd.Failed, $"seed {seed + i}: {(await board.Ended).Detail}");
            if (GarbageProgram.HasFinished(board.Memory)) finished++;
        }
        Assert.True(finished > 0, "No guest came to the end of its program.");
    }

    // As firmware would have done it.
    private static void MapRegions(Board board)
    {
        uint next = 0xC000_0000;
        for (uint device = 1; device < 8; device++)
        {
            for (uint register = 0x10; register < 0x18; register += 4)
            {
                Configure(board, device, register, next);
                next += 0x4000;
            }
            Configure(board, device, 4, 7);
        }
    }

    private static void Configure(Board board, uint device, uint register, uint value)
    {
        board.Ports.Write(0xCF8, 4, 0x8000_0000 | device << 11 | register);
        board.Ports.Write(0xCFC, 4, value);
    }
}
