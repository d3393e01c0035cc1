namespace Berth.Cpu.Tests.Guests;

/// <summary>Page tables change at random under reads, writes and calls. BERTH_TORTURE_SEEDS sets how many guests a run on demand has.</summary>
public abstract class PageTableTortureTests(GuestEngine engine)
{
    private static int Seeds => int.Parse(Environment.GetEnvironmentVariable("BERTH_TORTURE_SEEDS") ?? "10");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RandomChanges_AreSeenAsTheModelSays(bool user)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            using var guest = new Guest(engine);
            IReadOnlyList<string> wrong = new PageTableTorture(seed, operations: 4000, user).Run(guest);
            Assert.True(wrong.Count == 0, $"seed {seed}:\n{string.Join('\n', wrong)}");
        }
    }
}

public sealed class InterpretedPageTableTortureTests() : PageTableTortureTests(GuestEngine.Interpreter);

public sealed class TranslatedPageTableTortureTests() : PageTableTortureTests(GuestEngine.Translator);

public sealed class DirectPageTableTortureTests() : PageTableTortureTests(GuestEngine.Direct);

public sealed class RelocatedPageTableTortureTests() : PageTableTortureTests(GuestEngine.Relocated);
