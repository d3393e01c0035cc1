using Berth.Cpu.Host;
using Berth.Cpu.Tests.Oracle;
using Iced.Intel;

namespace Berth.Cpu.Tests.Translator;

/// <summary>Random programs of linked blocks with loops, calls, returns and indirect jumps: translated and interpreted they end in the same state.
/// Flags are left alone between blocks, so that they are carried across every kind of exit.</summary>
[Collection("oracle")]
public sealed class ProgramTests
{
    private static int Cases => int.Parse(Environment.GetEnvironmentVariable("BERTH_PROGRAMS") ?? "200");

    [Theory]
    [InlineData(0u, 64 << 20, 1)]
    [InlineData(0u, 64 << 20, 2)]
    [InlineData(3u, 64 << 20, 1)]
    [InlineData(0u, 64 << 10, 1)]
    public void RandomPrograms_EqualInterpreter(uint threshold, long limit, int cpus)
    {
        if (!StubCache.IsSupported) Assert.Skip("The vector forms need a host with AVX2, FMA and BMI2.");
        using var interpreted = new GuestProcessor();
        using var translated = new GuestProcessor(translate: true, cpus);
        if (translated.Cpu.Core.Translator is not { } translator)
        {
            Assert.Skip("This host cannot run translated code.");
            return;
        }
        (translator.Threshold, translator.Links, translator.CodeLimit) = (threshold, true, limit);
        Code[] forms = [.. Baseline.Forms()];
        var failures = new List<string>();
        for (int n = 0; n < Cases; n++)
        {
            var random = new Random(n);
            MachineState state = RandomState.Create(random);
            byte[] code = RandomProgram.Write(random, forms);
            RandomProgram.Prepare(random, state);
            RandomState.Fill(random, interpreted.Memory);
            interpreted.Memory.CopyTo(translated.Memory);
            interpreted.StackMemory.CopyTo(translated.StackMemory);
            MachineState one = state.Clone(), two = state.Clone();
            foreach (GuestProcessor guest in (GuestProcessor[])[interpreted, translated]) guest.WriteCode(0, code);
            int first = interpreted.RunToFault(one, HostProcessor.Code), second = translated.RunToFault(two, HostProcessor.Code);
            string difference = (first != second ? $"vectors {first} and {second}; " : "") + Comparison.Differences(one, interpreted, two, translated);
            if (difference.Length > 0) failures.Add($"program {n}: {difference}");
        }
        // The programs do run: a few hundred instructions each, most of them more than once.
        Assert.InRange(interpreted.Cpu.Instructions, (ulong)Cases * 500, ulong.MaxValue);
        Assert.True(translator.Translations > Cases);
        Assert.True(failures.Count == 0, $"{failures.Count} of {Cases} programs differ:\n" + string.Join('\n', failures.Take(10)));
    }
}
