namespace Berth.Cli.CommandLine;

public sealed class VerbTableTests
{
    [Fact]
    public void All_EveryVerb_HasSummaryUsageExamplesAndDistinctFlags()
    {
        foreach (var entry in VerbTable.All.Where(entry => !entry.Hidden))
        {
            var verb = VerbFactory.Create(entry.Path)!;
            Assert.NotEmpty(entry.Summary);
            Assert.NotEmpty(verb.Examples);
            Assert.True(verb.Flags.Select(flag => flag.Name).Distinct().Count() == verb.Flags.Length, $"{entry.Path}: a flag's name is used twice");
            var letters = verb.Flags.Where(flag => flag.Letter != '\0').Select(flag => flag.Letter).ToList();
            Assert.True(letters.Distinct().Count() == letters.Count, $"{entry.Path}: a letter is used twice");
        }
        Assert.Equal(VerbTable.All.Count, VerbTable.All.Select(entry => entry.Path).Distinct().Count());
    }

    [Fact]
    public void All_EveryExample_ParsesWithItsOwnVerb()
    {
        foreach (var entry in VerbTable.All.Where(entry => !entry.Hidden))
        {
            foreach (var example in VerbFactory.Create(entry.Path)!.Examples.Where(example => !example.Contains("berth ", StringComparison.Ordinal) && !example.Contains('$', StringComparison.Ordinal) && !example.Contains('\'', StringComparison.Ordinal) && !example.Contains('|', StringComparison.Ordinal)))
            {
                var words = example.Split(' ');
                var verb = VerbFactory.Find(words, out var used);
                Assert.NotNull(verb);
                var arguments = FlagParser.Parse(verb.Flags, words.AsSpan(used), verb.StopAtFirstArgument);
                Assert.InRange(arguments.Count, verb.MinimumArguments, verb.MaximumArguments);
            }
        }
    }

    [Theory]
    [InlineData("runn", "run")]
    [InlineData("sotp", "stop")]
    [InlineData("imges", "images")]
    [InlineData("docter", "doctor")]
    public void Nearest_MisspeltVerb_IsFound(string typed, string meant) =>
        Assert.Equal(meant, Suggestions.Nearest(typed, VerbTable.Children(""))[0]);

    [Fact]
    public void Nearest_Nonsense_FindsNothing() => Assert.Empty(Suggestions.Nearest("zzzzzz", VerbTable.Children("")));
}
