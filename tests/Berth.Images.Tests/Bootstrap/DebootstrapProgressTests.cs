using Berth.Images.Bootstrap;

namespace Berth.Images.Tests.Bootstrap;

public sealed class DebootstrapProgressTests
{
    [Fact]
    public void Read_WholeRun_RisesToAllOfIt()
    {
        string[] packages = [.. Enumerable.Range(0, 70).Select(static i => $"package{i}")];
        List<long> seen = [];
        DebootstrapProgress progress = new("bookworm");
        foreach (string verb in (string[])["Validating", "Extracting", "Unpacking", "Configuring"])
        {
            seen.AddRange(packages.Select(package => progress.Read($"I: {verb} {package}").Current));
        }
        Assert.Equal(seen.Order(), seen);
        Assert.Equal(100, seen[^1]);
    }

    [Fact]
    public void Read_OtherLine_KeepsThePlaceAndShowsTheLine()
    {
        DebootstrapProgress progress = new("sid");
        long before = progress.Read("I: Extracting tar...").Current;
        ImageProgress step = progress.Read("W: something else");
        Assert.Equal((before, 100, "W: something else", true), (step.Current, step.Total, step.Status, step.Percent));
    }
}
