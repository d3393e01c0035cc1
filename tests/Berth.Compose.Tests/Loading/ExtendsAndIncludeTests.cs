namespace Berth.Compose.Tests.Loading;

public sealed class ExtendsAndIncludeTests
{
    [Fact]
    public void Extends_SameFile_MergesThroughTheChain()
    {
        var project = ComposeFolder.Of("services:\n  a: {image: i, environment: {A: 1, B: 1}}\n  b: {extends: a, environment: {B: 2}}\n  c: {extends: {service: b}, command: x}\n");
        Assert.Equal(["A=1", "B=2"], project.Services["c"].Process.Environment.Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.Equal("i", project.Services["c"].Image);
    }

    [Fact]
    public void Extends_OtherFile_PathsBeginThere()
    {
        using ComposeFolder folder = new("services:\n  s: {extends: {file: sub/base.yaml, service: base}, volumes: ['./x:/x']}\n");
        folder.Write("sub/base.yaml", "services:\n  base: {image: i, volumes: ['./y:/y'], env_file: e.env}\n");
        folder.Write("sub/e.env", "FROM=sub\n");
        var service = folder.Load().Services["s"];
        Assert.Equal([$"{folder.Path}/sub/y", $"{folder.Path}/x"], service.Storage.Mounts.Select(mount => mount.Source));
        Assert.Equal("sub", service.Process.Environment["FROM"]);
    }

    [Theory]
    [InlineData("services: {a: {extends: b}, b: {extends: a}}", "in a circle")]
    [InlineData("services: {a: {extends: a}}", "in a circle")]
    [InlineData("services: {web: {image: i}, a: {extends: wbe}}", "did you mean \"web\"")]
    [InlineData("services: {a: {extends: {service: b, fil: x}}, b: {image: i}}", "unknown attribute \"fil\"")]
    [InlineData("services: {a: {extends: {file: none.yaml, service: b}}}", "none.yaml")]
    public void Extends_Wrong_IsExplained(string compose, string part) => Assert.Contains(part, ComposeFolder.ComplaintAbout(compose));

    [Fact]
    public void Include_BringsResourcesWithTheirOwnPathsAndVariables()
    {
        using ComposeFolder folder = new("include: [inner/compose.yaml]\nservices:\n  s: {image: '$TAG', depends_on: [t]}\n");
        folder.Environment["TAG"] = "outer";
        folder.Write("inner/compose.yaml", "services:\n  t: {image: '$TAG-$OWN', volumes: ['./d:/d']}\nvolumes: {v: }\n");
        folder.Write("inner/.env", "TAG=inner\nOWN=own\n");
        var project = folder.Load();
        Assert.Equal(("outer", "outer-own"), (project.Services["s"].Image, project.Services["t"].Image));
        Assert.Equal($"{folder.Path}/inner/d", project.Services["t"].Storage.Mounts[0].Source);
        Assert.Contains("v", project.Volumes.Keys);
    }

    [Fact]
    public void Include_LongForm_MergesItsPaths()
    {
        using ComposeFolder folder = new("include:\n- path: [i/a.yaml, i/b.yaml]\n  project_directory: other\n  env_file: i/x.env\nservices: {}\n");
        folder.Write("i/a.yaml", "services: {t: {image: a, env_file: e}}\n");
        folder.Write("i/b.yaml", "services: {t: {image: '$X'}}\n");
        folder.Write("i/x.env", "X=x\n");
        folder.Write("other/e", "E=1\n");
        Assert.Equal(("x", "1"), (folder.Load().Services["t"].Image, folder.Load().Services["t"].Process.Environment["E"]));
    }

    [Fact]
    public void Include_SameService_IsAConflictUnlessEqual()
    {
        using ComposeFolder folder = new("include: [b.yaml]\nservices:\n  s: {image: a}\n");
        folder.Write("b.yaml", "services: {s: {image: b}}\n");
        Assert.Contains("compose.yaml:3:", Assert.Throws<ComposeException>(() => folder.Load()).Message);
        folder.Write("b.yaml", "services: {s: {image: a}}\n");
        Assert.Single(folder.Load().Services);
    }

    [Fact]
    public void Include_InACircle_IsRefused()
    {
        using ComposeFolder folder = new("include: [b.yaml]\n");
        folder.Write("b.yaml", "include: [compose.yaml]\n");
        Assert.Contains("more than", Assert.Throws<ComposeException>(() => folder.Load()).Message);
    }
}
