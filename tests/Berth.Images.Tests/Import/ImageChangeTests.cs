using Berth.Images.Import;
using Berth.Images.Spec;

namespace Berth.Images.Tests.Import;

public sealed class ImageChangeTests
{
    private static ImageDefaults Apply(params string[] changes) => ImageChange.Apply(new ImageDefaults { Env = ["A=1"], WorkingDir = "/base" }, changes)!;

    [Fact]
    public void Apply_EveryInstruction_SetsItsField()
    {
        ImageDefaults result = Apply(
            "CMD echo hi", "entrypoint [\"/bin/x\", \"a b\"]", "ENV A=2 B=\"x y\" C=a\\ b", "ENV D four five", "EXPOSE 80 53/udp 8000-8002/tcp",
            "LABEL k=v \"other key\"='a b'", "USER app:grp", "VOLUME [\"/data\"]", "VOLUME /x /y", "WORKDIR sub", "STOPSIGNAL SIGINT", "ONBUILD RUN x",
            "HEALTHCHECK --interval=1m30s --retries=3 CMD curl -f x", "SHELL [\"/bin/bash\", \"-c\"]", "MAINTAINER me");
        Assert.Equal(["/bin/sh", "-c", "echo hi"], result.Cmd);
        Assert.Equal(["/bin/x", "a b"], result.Entrypoint);
        Assert.Equal(["A=2", "B=x y", "C=a b", "D=four five"], result.Env);
        Assert.Equal(["53/udp", "80/tcp", "8000/tcp", "8001/tcp", "8002/tcp"], result.ExposedPorts!.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("v", result.Labels!["k"]);
        Assert.Equal("a b", result.Labels["other key"]);
        Assert.Equal("me", result.Labels["maintainer"]);
        Assert.Equal("app:grp", result.User);
        Assert.Equal(["/data", "/x", "/y"], result.Volumes!.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("/base/sub", result.WorkingDir);
        Assert.Equal("SIGINT", result.StopSignal);
        Assert.Equal(["RUN x"], result.OnBuild);
        Assert.Equal(["CMD-SHELL", "curl -f x"], result.Healthcheck!.Test);
        Assert.Equal(90_000_000_000, result.Healthcheck.Interval);
        Assert.Equal(3, result.Healthcheck.Retries);
        Assert.Equal(["/bin/bash", "-c"], result.Shell);
    }

    [Theory]
    [InlineData("RUN x")]
    [InlineData("FROM x")]
    [InlineData("CMD")]
    [InlineData("")]
    [InlineData("ENV A")]
    [InlineData("ENV A=\"x")]
    [InlineData("ENV A=1 =2")]
    [InlineData("LABEL k")]
    [InlineData("EXPOSE 0")]
    [InlineData("EXPOSE 99999")]
    [InlineData("EXPOSE 80/xyz")]
    [InlineData("EXPOSE 90-80")]
    [InlineData("HEALTHCHECK --interval=abc CMD x")]
    [InlineData("HEALTHCHECK --what=1s CMD x")]
    [InlineData("HEALTHCHECK x")]
    [InlineData("SHELL /bin/sh")]
    public void Apply_Malformed_IsRefusedWithTheInstruction(string change)
    {
        ImageException refused = Assert.Throws<ImageException>(() => Apply(change));
        Assert.Equal(ImageErrorCode.InvalidParameter, refused.Code);
        Assert.Contains(change.Split('"')[0], refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Apply_RandomText_OnlyEverThrowsImageExceptions()
    {
        string[] names = ["CMD", "ENTRYPOINT", "ENV", "EXPOSE", "LABEL", "VOLUME", "WORKDIR", "HEALTHCHECK", "SHELL", "USER"];
        const string alphabet = "ab=\"'\\ []{},:/-09\t\u00e9";
        var random = new Random(3);
        for (int round = 0; round < 20_000; round++)
        {
            string text = names[random.Next(names.Length)] + " " + new string([.. Enumerable.Range(0, random.Next(12)).Select(_ => alphabet[random.Next(alphabet.Length)])]);
            try
            {
                Apply(text);
            }
            catch (ImageException)
            {
            }
        }
    }
}
