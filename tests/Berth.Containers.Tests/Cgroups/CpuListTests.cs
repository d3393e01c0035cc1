using Berth.Containers.Cgroups;

namespace Berth.Containers.Tests.Cgroups;

public class CpuListTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("0-2,4", "0 1 2 4")]
    [InlineData("3,1-1,3", "1 3")]
    public void TryParse_List_IsExpanded(string text, string expected)
    {
        Assert.True(CpuList.TryParse(text, out IReadOnlyList<int> numbers));
        Assert.Equal(expected, string.Join(' ', numbers));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2-1")]
    [InlineData("-1")]
    [InlineData("1-")]
    [InlineData("1,,2")]
    [InlineData("a")]
    [InlineData("0-99999999")]
    [InlineData("1-2-3")]
    public void TryParse_Malformed_IsRefused(string text) => Assert.False(CpuList.TryParse(text, out _));
}
