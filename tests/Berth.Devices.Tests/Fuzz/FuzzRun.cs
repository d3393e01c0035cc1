namespace Berth.Devices.Tests.Fuzz;

/// <summary>How long and from which seed the fuzz tests run: the same each time, unless BERTH_FUZZ_ROUNDS (a factor) and BERTH_FUZZ_SEED say otherwise.</summary>
internal static class FuzzRun
{
    private static readonly int[] s_sizes = [1, 2, 4, 8];

    public static int Rounds(int usual) => usual * int.Parse(Environment.GetEnvironmentVariable("BERTH_FUZZ_ROUNDS") ?? "1", null);

    public static Random Random(int salt) => new(int.Parse(Environment.GetEnvironmentVariable("BERTH_FUZZ_SEED") ?? "1", null) * 1000 + salt);

    /// <summary>1, 2 or 4 bytes, as ports have it.</summary>
    public static int PortSize(this Random random) => s_sizes[random.Next(3)];

    /// <summary>1, 2, 4 or 8 bytes.</summary>
    public static int MemorySize(this Random random) => s_sizes[random.Next(4)];

    /// <summary>Any number, the ones at the edges more often than others.</summary>
    public static ulong Value(this Random random) => random.Next(8) switch
    {
        0 => 0,
        1 => ulong.MaxValue,
        2 => 1UL << random.Next(64),
        3 => (ulong)random.Next(256),
        _ => (ulong)random.NextInt64(long.MinValue, long.MaxValue),
    };
}
