using System.Text;
using Berth.Compose.Yaml;

namespace Berth.Compose.Tests.Loading;

public sealed class YamlReaderTests
{
    private static string Json(string yaml) => NodeJson.ToJson(YamlReader.Read("f", yaml)[0])!.ToJsonString();

    [Fact]
    public void Read_MergeKeys_ExplicitWinsThenTheFirst() => Assert.Equal(
        """{"base":{"a":1,"b":2},"other":{"b":3,"c":4},"x":{"b":9,"a":1,"c":4},"y":{"a":1,"b":2}}""",
        Json("base: &b {a: 1, b: 2}\nother: &o {b: 3, c: 4}\nx:\n  <<: [*b, *o]\n  b: 9\ny: {<<: *b}\n"));

    [Fact]
    public void Read_Tags_AreKept()
    {
        var map = (MappingNode)YamlReader.Read("f", "a: !reset null\nb: !override [1]\nc: !!str 1\n")[0];
        Assert.Equal([MergeTag.Reset, MergeTag.Override, MergeTag.None], map.Entries.Select(entry => entry.Value.Value.Tag));
    }

    [Theory]
    [InlineData("a: 1\na: 2", "f:2:1: \"a\" is there twice")]
    [InlineData("a: *b", "f:1:4: there is no anchor &b")]
    [InlineData("a: &a [*a]", "contains itself")]
    [InlineData("a: !other 1", "f:1:4: the tag !other")]
    [InlineData("? [a]\n: 1", "a name must be a text")]
    [InlineData("a: [1", "f:")]
    [InlineData("a:\n\t- b", "not YAML")]
    [InlineData("a: {<<: 1}", "<< takes a mapping")]
    public void Read_Malformed_NamesThePlace(string yaml, string part) => Assert.Contains(part, Assert.Throws<ComposeException>(() => YamlReader.Read("f", yaml)).Message);

    [Fact]
    public void Read_AliasBomb_IsRefusedAtOnce()
    {
        StringBuilder yaml = new("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for (var i = 1; i < 30; i++)
        {
            yaml.Append($"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }
        Assert.Contains("too large", Assert.Throws<ComposeException>(() => YamlReader.Read("f", yaml.ToString())).Message);
    }

    [Fact]
    public void Read_LargeTextByManyAliases_IsRefused()
    {
        var yaml = $"t: &t \"{new string('x', 1_000_000)}\"\nl: [{string.Join(',', Enumerable.Repeat("*t", 1000))}]\n";
        Assert.Contains("too large", Assert.Throws<ComposeException>(() => YamlReader.Read("f", yaml)).Message);
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{a: ", "}")]
    public void Read_NestedDeeply_IsRefused(string open, string close)
    {
        var yaml = string.Concat(Enumerable.Repeat(open, 2000)) + string.Concat(Enumerable.Repeat(close, 2000));
        Assert.Throws<ComposeException>(() => YamlReader.Read("f", yaml));
    }

    [Fact]
    public void Write_ThenRead_IsTheSame()
    {
        const string Yaml = "a: [1, yes, 'yes', \"1\", ' x ', '', null, {b: [[]], c: {}}, \"line\\nbreak \\\" \\\\ \\u0001 é\"]\n'odd key: x': {y: '#'}\n'- z': [[1, [2]]]\n";
        var tree = (MappingNode)YamlReader.Read("f", Yaml)[0];
        var text = YamlText.Write(tree);
        Assert.Equal(Json(Yaml), Json(text));
        Assert.Equal(text, YamlText.Write((MappingNode)YamlReader.Read("f", text)[0]));
    }
}
