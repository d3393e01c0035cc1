using System.Text;
using Berth.Images.Registry;

namespace Berth.Images.Tests.Registry;

public sealed class RegistryCredentialsTests
{
    private static string Header(string json) => Convert.ToBase64String(Encoding.UTF8.GetBytes(json)).Replace('+', '-').Replace('/', '_');

    [Fact]
    public void ParseConfigHeader_ByDomain()
    {
        IReadOnlyDictionary<string, RegistryCredentials> all = RegistryCredentials.ParseConfigHeader(Header(
            """{"https://index.docker.io/v1/":{"username":"a","password":"1"},"reg.example.org:5000":{"auth":"Yjoy"},"http://x.example.org/v2":{"identitytoken":"t"}}"""));
        Assert.Equal(("a", "1"), (all["docker.io"].Username, all["docker.io"].Password));
        Assert.Equal(("b", "2"), (all["reg.example.org:5000"].Username, all["reg.example.org:5000"].Password));
        Assert.Equal("t", all["x.example.org"].IdentityToken);
        Assert.Empty(RegistryCredentials.ParseConfigHeader(null));
        Assert.Empty(RegistryCredentials.ParseConfigHeader(Header("{}")));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"a\":1}")]
    [InlineData("{\"a\":{\"auth\":\"?\"}}")]
    [InlineData("no json")]
    public void ParseConfigHeader_Malformed_IsRefused(string json) =>
        Assert.Equal(ImageErrorCode.InvalidParameter, Assert.Throws<ImageException>(() => RegistryCredentials.ParseConfigHeader(Header(json))).Code);
}
