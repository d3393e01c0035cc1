using System.Text.Json;

namespace Berth.Cli.Templates;

public sealed class TemplateTests
{
    private static string Render(string template, string json)
    {
        using var document = JsonDocument.Parse(json);
        return Template.Parse(template).Render(TemplateData.From(document.RootElement));
    }

    [Theory]
    [InlineData("{{.State.Status}}", "running")]
    [InlineData("{{json .List}}", "[\"a\",\"b\"]")]
    [InlineData("{{join .List \", \"}}", "a, b")]
    [InlineData("{{range .List}}<{{.}}>{{end}}", "<a><b>")]
    [InlineData("{{range $i, $x := .List}}{{$i}}={{$x}};{{end}}", "0=a;1=b;")]
    [InlineData("{{range $k, $v := .Labels}}{{$k}}:{{$v}} {{end}}", "x:1 y:2 ")]
    [InlineData("{{index .Labels \"y\"}}", "2")]
    [InlineData("{{index .List 1}}", "b")]
    [InlineData("{{len .List}}", "2")]
    [InlineData("{{if .Empty}}no{{else if eq .State.Status \"running\"}}yes{{else}}other{{end}}", "yes")]
    [InlineData("{{with .State}}{{.Status}} {{$.Id}}{{end}}", "running abc")]
    [InlineData("{{.Id | upper}}", "ABC")]
    [InlineData("{{upper (slice .Id 0 2)}}", "AB")]
    [InlineData("{{printf \"%-5s|%5d|%q\" .Id .Number .Id}}", "abc  |   42|\"abc\"")]
    [InlineData("a {{- .Id -}} b", "aabcb")]
    [InlineData("{{/* note */}}x", "x")]
    [InlineData("{{$x := .Id}}{{$x}}{{$x = \"n\"}}{{$x}}", "abcn")]
    [InlineData("{{not .Empty}} {{and .Id .Number}} {{or .Empty .Id}}", "true 42 abc")]
    [InlineData("{{gt .Number 41}}{{lt .Number 41}}{{ge .Number 42}}", "truefalsetrue")]
    [InlineData("{{\"}}\"}}", "}}")]
    [InlineData("{{.Null}}", "<no value>")]
    [InlineData("{{.Labels}}", "map[x:1 y:2]")]
    [InlineData("{{.List}}", "[a b]")]
    public void Render_KnownForms_GivesWhatGoGives(string template, string expected) => Assert.Equal(expected, Render(
        template,
        """{"Id":"abc","Number":42,"Empty":"","Null":null,"State":{"Status":"running"},"List":["a","b"],"Labels":{"y":"2","x":"1"}}"""));

    [Theory]
    [InlineData("{{.Missing}}", ".Missing")]
    [InlineData("{{.Id", "not closed")]
    [InlineData("{{range .List}}", "{{end}}")]
    [InlineData("{{end}}", "end")]
    [InlineData("{{nothing .Id}}", "nothing")]
    [InlineData("{{.Id.Deeper}}", ".Deeper")]
    [InlineData("{{index .List 9}}", "out of range")]
    [InlineData("{{(.Id}}", ")")]
    [InlineData("{{\"open}}", "closed")]
    public void Parse_Wrong_SaysWhat(string template, string expected) =>
        Assert.Contains(expected, Assert.Throws<TemplateException>(() => Render(template, """{"Id":"abc","List":["a"]}""")).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_DeepNesting_IsRefused() =>
        Assert.Throws<TemplateException>(() => Template.Parse(string.Concat(Enumerable.Repeat("{{if .A}}", 1000))));

    [Fact]
    public void Render_RandomTemplates_NeverFailOtherwise()
    {
        string[] pieces = ["{{", "}}", ".", "$", "A", "range ", "if ", "end", "else", "(", ")", "|", "\"", "json ", "-", " ", ":=", "1", "`", "index ", ","];
        Random random = new(7);
        for (var round = 0; round < 20_000; round++)
        {
            var template = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]));
            try
            {
                Render(template, """{"A":["x"]}""");
            }
            catch (TemplateException)
            {
            }
        }
    }
}
