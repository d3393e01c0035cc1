using Berth.Cli.Api;
using Berth.Cli.CommandLine;

namespace Berth.Cli.Completion;

public sealed class CandidatesTests
{
    private static IReadOnlyList<string> For(params string[] words)
    {
        using CommandContext context = new(new BerthPaths("/nonexistent/berth.sock", "/nonexistent", "/nonexistent"));
        return new Candidates(context).For(words);
    }

    [Fact]
    public void For_Verbs_Completes() => Assert.Equal(["pause", "port", "ps", "pull", "push"], For("p"));

    [Fact]
    public void For_Group_CompletesItsVerbs() => Assert.Contains("bootstrap", For("image", ""));

    [Fact]
    public void For_Flags_Completes() => Assert.Equal(["--memory", "--memory-reservation", "--memory-swap", "--memory-swappiness"], For("run", "--mem"));

    [Fact]
    public void For_FlagValue_CompletesByKind() => Assert.Equal(["no"], For("run", "--restart", "no"));

    [Fact]
    public void For_WordsOfTheWorkload_OffersNothing() => Assert.Empty(For("run", "busybox", "--mem"));

    [Fact]
    public void For_NoDaemon_OffersNothingAndDoesNotFail() => Assert.Empty(For("stop", ""));

    [Fact]
    public void For_Nothing_OffersEveryVerb() => Assert.Contains("run", For(""));
}
