using System.Text;
using Berth.Build.Dockerfiles;

namespace Berth.Build.Tests;

internal static class Text
{
    public static Dockerfile Parse(string text) => DockerfileParser.Parse("Dockerfile", Encoding.UTF8.GetBytes(text));

    public static string Refused(string text) => Assert.Throws<DockerfileException>(() => Parse(text)).Message;

    /// <summary>The only instruction after FROM.</summary>
    public static T Only<T>(string text) where T : Instruction => Assert.IsType<T>(Assert.Single(Parse("FROM scratch\n" + text).Stages[0].Instructions));
}
