using Berth.Cpu.Host;
using Iced.Intel;

namespace Berth.Cpu.Tests.Oracle;

/// <summary>The software CPU against the host processor. BERTH_ORACLE_CASES and BERTH_ORACLE_SEED make runs longer or different.</summary>
[Collection("oracle")]
public sealed class OracleTests
{
    private static int Cases => int.Parse(Environment.GetEnvironmentVariable("BERTH_ORACLE_CASES") ?? "30");

    private static int Seed => int.Parse(Environment.GetEnvironmentVariable("BERTH_ORACLE_SEED") ?? "1");

    private static readonly Lazy<HostProcessor> s_host = new(() => new HostProcessor());

    internal static HostProcessor Host => s_host.Value;

    private static void RequireHost()
    {
        if (!StubCache.IsSupported) Assert.Skip("The oracle needs an x86-64 host with AVX2, FMA and BMI2.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EveryForm_Alone_EqualsHost(bool translate)
    {
        RequireHost();
        using var guest = new GuestProcessor(translate);
        var comparison = new Comparison(s_host.Value, guest);
        var failures = new List<string>();
        var unbuilt = new List<Code>();
        int forms = 0;
        string? only = Environment.GetEnvironmentVariable("BERTH_ORACLE_FORM");
        foreach (Code code in Baseline.Forms())
        {
            if (only is not null && !code.ToString().StartsWith(only, StringComparison.Ordinal)) continue;
            forms++;
            var random = new Random((Seed * 100003) + (int)code);
            var builder = new CaseBuilder(random);
            int bad = 0, built = 0;
            for (int n = 0; n < Cases; n++)
            {
                MachineState state = RandomState.Create(random);
                if (builder.Build(code, state) is not { } instruction) continue;
                built++;
                string? failure;
                try
                {
                    failure = comparison.Run([instruction], state, random);
                }
                catch (InvalidOperationException e)
                {
                    failure = e.Message.Contains("REX prefix", StringComparison.Ordinal) ? null : e.Message;
                }
                if (failure is null) continue;
                if (bad++ == 0) failures.Add(failure);
            }
            if (built == 0) unbuilt.Add(code);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{forms} forms, {comparison.Compared} cases compared; not built: {string.Join(' ', unbuilt)}");
        Assert.True(failures.Count == 0, $"{failures.Count} of {forms} forms differ:\n" + string.Join('\n', failures.Take(80)));
        Assert.Empty(unbuilt);
    }
}
