using Berth.Compose.Loading;

namespace Berth.Compose.Tests.Loading;

public sealed class ProjectLoaderTests
{
    [Fact]
    public void Load_Name_FlagThenVariableThenFileThenDirectory()
    {
        using ComposeFolder folder = new("name: file\nservices: {s: {image: i}}\n");
        Assert.Equal("flag", ProjectLoader.Load(folder.Source with { Name = "flag" }).Name);
        Assert.Equal("file", ProjectLoader.Load(folder.Source with { Name = null }).Name);
        folder.Write(".env", "COMPOSE_PROJECT_NAME=dotenv\n");
        Assert.Equal("dotenv", ProjectLoader.Load(folder.Source with { Name = null }).Name);
        folder.Environment["COMPOSE_PROJECT_NAME"] = "environment";
        Assert.Equal("environment", ProjectLoader.Load(folder.Source with { Name = null }).Name);
        Assert.Throws<ComposeException>(() => ProjectLoader.Load(folder.Source with { Name = "Wrong Name" }));
        folder.Write("My.Dir_1/compose.yaml", "services: {s: {image: i}}\n");
        folder.Environment.Clear();
        File.Delete(Path.Combine(folder.Path, ".env"));
        Assert.Equal("mydir_1", ProjectLoader.Load(folder.Source with { Name = null, WorkingDirectory = Path.Combine(folder.Path, "My.Dir_1") }).Name);
    }

    [Fact]
    public void Load_NameAsVariable_IsTheProjects()
    {
        using ComposeFolder folder = new("name: from-$X\nservices: {s: {image: '${COMPOSE_PROJECT_NAME}-image'}}\n");
        folder.Environment["X"] = "file";
        Assert.Equal("from-file-image", ProjectLoader.Load(folder.Source with { Name = null }).Services["s"].Image);
        Assert.Equal("flag-image", ProjectLoader.Load(folder.Source with { Name = "flag" }).Services["s"].Image);
    }

    [Fact]
    public void Load_FilesOfComposeFile_AreMergedInOrder()
    {
        using ComposeFolder folder = new();
        folder.Write("a.yaml", "services: {s: {image: a}}");
        folder.Write("b.yaml", "services: {s: {image: b}}");
        folder.Environment["COMPOSE_FILE"] = "a.yaml:b.yaml";
        Assert.Equal("b", folder.Load().Services["s"].Image);
        folder.Environment["COMPOSE_PATH_SEPARATOR"] = ";";
        folder.Environment["COMPOSE_FILE"] = "b.yaml;a.yaml";
        Assert.Equal("a", folder.Load().Services["s"].Image);
    }

    [Fact]
    public void Load_FromADirectoryBelow_FindsTheFileAbove()
    {
        using ComposeFolder folder = new("services: {s: {image: i, volumes: ['./d:/d']}}");
        folder.Write("sub/deep/x", "");
        var project = ProjectLoader.Load(folder.Source with { WorkingDirectory = Path.Combine(folder.Path, "sub", "deep") });
        Assert.Equal($"{folder.Path}/d", project.Services["s"].Storage.Mounts[0].Source);
    }

    [Fact]
    public void Load_EnvFileFlag_ReplacesDotEnvAndTheEnvironmentWins()
    {
        using ComposeFolder folder = new("services: {s: {image: '$A-$B'}}");
        folder.Write(".env", "A=dot\nB=dot\n");
        folder.Write("other.env", "A=other\n");
        folder.Environment["B"] = "environment";
        Assert.Equal("dot-environment", folder.Load().Services["s"].Image);
        Assert.Equal("other-environment", ProjectLoader.Load(folder.Source with { EnvFiles = ["other.env"] }).Services["s"].Image);
    }

    [Fact]
    public void Load_EnvFilesOfAService_LaterWinEnvironmentWinsMostOptionalMayBeMissing()
    {
        using ComposeFolder folder = new("services:\n  s:\n    image: i\n    env_file: [a.env, {path: none.env, required: false}, {path: raw.env, format: raw}]\n    environment: {C: own, PASSED: }\n");
        folder.Write("a.env", "A=1\nB=1\nC=1\nD=$A$OUTER\n");
        folder.Write("raw.env", "B='$A'\n");
        folder.Environment["PASSED"] = "passed";
        folder.Environment["OUTER"] = "o";
        var environment = folder.Load().Services["s"].Process.Environment;
        Assert.Equal(["1", "'$A'", "own", "1o", "passed"], new[] { "A", "B", "C", "D", "PASSED" }.Select(name => environment[name]));
    }

    [Fact]
    public void Load_Profiles_SelectServices()
    {
        using ComposeFolder folder = new("services:\n  a: {image: i}\n  b: {image: i, profiles: [dev]}\n  c: {image: i, profiles: [other], depends_on: {b: {condition: service_started, required: false}}}\n");
        Assert.Equal(["a"], folder.Load().Services.Keys);
        Assert.Equal(["a", "b"], ProjectLoader.Load(folder.Source with { Profiles = ["dev"] }).Services.Keys);
        Assert.Equal(["a", "b", "c"], ProjectLoader.Load(folder.Source with { Profiles = ["*"] }).Services.Keys);
        Assert.Equal(["a", "c"], ProjectLoader.Load(folder.Source with { Targets = ["c"] }).Services.Keys);
        folder.Environment["COMPOSE_PROFILES"] = "dev, other";
        Assert.Equal(3, folder.Load().Services.Count);
    }

    [Fact]
    public void Load_UnsetVariable_WarnsOnce()
    {
        using ComposeFolder folder = new("services: {s: {image: 'i$NONE', command: '$NONE'}}");
        _ = folder.Load();
        Assert.Contains("NONE", Assert.Single(folder.Warnings));
    }
}
