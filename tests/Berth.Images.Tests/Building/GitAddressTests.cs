using Berth.Images.Building;

namespace Berth.Images.Tests.Building;

public sealed class GitAddressTests
{
    [Theory]
    [InlineData("https://example.org/a.git", "https://example.org/a.git", "HEAD", "")]
    [InlineData("https://example.org/a.git#v1.2", "https://example.org/a.git", "v1.2", "")]
    [InlineData("git://example.org/a#feature/x:sub/dir/", "git://example.org/a", "feature/x", "sub/dir")]
    [InlineData("http://u:p@example.org:8080/a.git#:sub", "http://u:p@example.org:8080/a.git", "HEAD", "sub")]
    public void Parse_Address_HasItsParts(string text, string address, string reference, string directory)
    {
        Assert.True(GitAddress.IsMeant(text));
        Assert.Equal(new GitAddress(address, reference, directory), GitAddress.Parse(text));
    }

    [Theory]
    [InlineData("https://example.org/a.git#--upload-pack=x", "is no branch, tag or commit")]
    [InlineData("https://example.org/a.git#a..b", "is no branch, tag or commit")]
    [InlineData("https://example.org/a.git#a^{x}", "is no branch, tag or commit")]
    [InlineData("https:///a.git", "is no address of a repository")]
    [InlineData("git@example.org:a.git", "no keys for ssh")]
    [InlineData("ssh://example.org/a.git", "no keys for ssh")]
    public void Parse_OddOrHostile_IsRefused(string text, string message) =>
        Assert.Contains(message, Assert.Throws<ImageException>(() => GitAddress.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("https://example.org/a.tar.gz")]
    [InlineData("https://example.org/a#b.git")]
    [InlineData("dir/a.git")]
    public void IsMeant_OtherThings_AreNot(string text) => Assert.False(GitAddress.IsMeant(text));
}
