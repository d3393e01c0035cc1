using System.Text;
using System.Text.Json;
using Berth.Daemon.Http;
using Berth.Engine;
using Berth.Engine.Configuration;

namespace Berth.Daemon.Tests.Http;

/// <summary>Bodies: unknown fields, wrong types, limits.</summary>
public sealed class StrictJsonTests
{
    [Theory]
    [InlineData("""{"Image":"x","Frobnicate":""}""")]
    [InlineData("""{"Image":"x","Frobnicate":null,"HostConfig":{"Nonsense":0,"More":[],"Deep":{"A":false,"B":{}}}}""")]
    [InlineData("""{"image":"x","HostConfig":{"MemorySwappiness":-1}}""")]
    public async Task Read_UnknownButUnset_IsAccepted(string json) => Assert.Equal("x", (await ReadAsync(json)).Image);

    [Theory]
    [InlineData("""{"Image":"x","Tty":null}""")]
    [InlineData("""{"Image":"x","Healthcheck":{"Test":["NONE"],"Timeout":null,"Retries":null}}""")]
    [InlineData("""{"Image":"x","HostConfig":{"Memory":null,"Mounts":[{"Type":"tmpfs","Target":"/t","ReadOnly":null}]}}""")]
    public async Task Read_NumberOrFlagIsNull_IsUnset(string json) => Assert.Equal("x", (await ReadAsync(json)).Image);

    [Theory]
    [InlineData("""{"Image":"x","Frobnicate":1}""", "Frobnicate")]
    [InlineData("""{"Image":"x","HostConfig":{"Nonsense":true}}""", "HostConfig.Nonsense")]
    [InlineData("""{"Image":"x","HostConfig":{"Mounts":[{"Type":"bind","Odd":"y"}]}}""", "HostConfig.Mounts[0].Odd")]
    [InlineData("""{"Image":"x","HostConfig":{"RestartPolicy":{"Name":"always","Odd":3}}}""", "HostConfig.RestartPolicy.Odd")]
    public async Task Read_UnknownAndSet_IsRefusedByName(string json, string field)
    {
        ApiException refused = await Assert.ThrowsAsync<ApiException>(() => ReadAsync(json));
        Assert.Equal(400, refused.Status);
        Assert.Contains($"unknown field {field}:", refused.Message);
    }

    [Theory]
    [InlineData("""{"Image":3}""", "Image")]
    [InlineData("""{"HostConfig":{"Memory":"64m"}}""", "Memory")]
    [InlineData("""[]""", "object")]
    [InlineData("""{"Image":"a","Image":"b"}""", "JSON")]
    [InlineData("""{"Image":"a"} {}""", "JSON")]
    [InlineData("""{"Image":""", "JSON")]
    public async Task Read_Wrong_NamesTheField(string json, string expected)
    {
        ApiException refused = await Assert.ThrowsAsync<ApiException>(() => ReadAsync(json));
        Assert.Equal(400, refused.Status);
        Assert.Contains(expected, refused.Message);
    }

    [Theory]
    [InlineData("""{"HostConfig":{"Binds":[null]}}""", "HostConfig.Binds[0]")]
    [InlineData("""{"HostConfig":{"Mounts":[{"Type":"tmpfs"},null]}}""", "HostConfig.Mounts[1]")]
    [InlineData("""{"HostConfig":{"Tmpfs":{"/a":null}}}""", "HostConfig.Tmpfs./a")]
    [InlineData("""{"HostConfig":{"Mounts":[{"TmpfsOptions":{"Options":[[null]]}}]}}""", "Options[0][0]")]
    [InlineData("""{"Labels":{"a":null}}""", "Labels.a")]
    [InlineData("""{"Env":["A=\ud800"]}""", "Env[0]")]
    [InlineData("""{"\ud800":1}""", "JSON")]
    [InlineData("""{"Frobnicate":"\ud800"}""", "invalid")]
    [InlineData("""{"HostConfig":{"Memory":1e400}}""", "Memory")]
    [InlineData("""{"HostConfig":{"Memory":NaN}}""", "JSON")]
    public async Task Read_NullsAndHalvesOfCharacters_AreRefusedByName(string json, string expected)
    {
        ApiException refused = await Assert.ThrowsAsync<ApiException>(() => ReadAsync(json));
        Assert.Equal(400, refused.Status);
        Assert.Contains(expected, refused.Message);
    }

    [Fact]
    public async Task Parse_TooDeep_IsRefused()
    {
        string json = string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100);
        Assert.Equal(400, (await Assert.ThrowsAsync<ApiException>(() => ReadAsync(json))).Status);
    }

    [Fact]
    public async Task Parse_TooLarge_IsRefused()
    {
        using var body = new MemoryStream(new byte[StrictJson.MaxBytes + 1]);
        Assert.Equal(413, (await Assert.ThrowsAsync<ApiException>(() => StrictJson.ParseAsync(body, TestContext.Current.CancellationToken))).Status);
    }

    private static async Task<CreateBody> ReadAsync(string json)
    {
        using var body = new MemoryStream(Encoding.UTF8.GetBytes(json));
        using JsonDocument document = (await StrictJson.ParseAsync(body, TestContext.Current.CancellationToken))!;
        return StrictJson.Read(document.RootElement, EngineJson.Wire.CreateBody);
    }
}
