namespace Berth.Images.Tests;

public sealed class ImageReferenceTests
{
    private const string Hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("busybox", "docker.io/library/busybox", "busybox")]
    [InlineData("busybox:1", "docker.io/library/busybox:1", "busybox:1")]
    [InlineData("docker.io/busybox", "docker.io/library/busybox", "busybox")]
    [InlineData("index.docker.io/library/busybox", "docker.io/library/busybox", "busybox")]
    [InlineData("user/app", "docker.io/user/app", "user/app")]
    [InlineData("docker.io/library/a/b", "docker.io/library/a/b", "library/a/b")]
    [InlineData("localhost/app", "localhost/app", "localhost/app")]
    [InlineData("localhost:5000/app:v1", "localhost:5000/app:v1", "localhost:5000/app:v1")]
    [InlineData("host.example/a/b_c/d--e:T.g-1", "host.example/a/b_c/d--e:T.g-1", "host.example/a/b_c/d--e:T.g-1")]
    [InlineData("Host/app", "Host/app", "Host/app")]
    [InlineData("[::1]:5000/app", "[::1]:5000/app", "[::1]:5000/app")]
    [InlineData("busybox@sha256:" + Hex, "docker.io/library/busybox@sha256:" + Hex, "busybox@sha256:" + Hex)]
    [InlineData("busybox:x@sha256:" + Hex, "docker.io/library/busybox:x@sha256:" + Hex, "busybox:x@sha256:" + Hex)]
    public void Parse_ValidName_IsNormalised(string text, string canonical, string familiar)
    {
        ImageReference reference = ImageReference.Parse(text);
        Assert.Equal(canonical, reference.ToString());
        Assert.Equal(familiar, reference.Familiar);
    }

    [Theory]
    [InlineData("")]
    [InlineData(Hex)]
    [InlineData("Busybox")]
    [InlineData("user/App")]
    [InlineData("a:")]
    [InlineData("a:b c")]
    [InlineData("a:-x")]
    [InlineData("a//b")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a__-b")]
    [InlineData("a..b")]
    [InlineData("-a")]
    [InlineData("a@sha256:12")]
    [InlineData("a@md5:" + Hex)]
    [InlineData("host:port/a")]
    [InlineData("a\n")]
    [InlineData("a:b\n")]
    [InlineData("../etc")]
    public void Parse_InvalidName_IsRefusedWithTheName(string text)
    {
        ImageException refused = Assert.Throws<ImageException>(() => ImageReference.Parse(text));
        Assert.Equal(ImageErrorCode.InvalidParameter, refused.Code);
        Assert.StartsWith("invalid reference format", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_TooLong_IsRefused()
    {
        Assert.False(ImageReference.TryParse(new string('a', 256), out _));
        Assert.False(ImageReference.TryParse("a:" + new string('t', 129), out _));
        Assert.True(ImageReference.TryParse("a:" + new string('t', 128), out _));
    }

    [Fact]
    public void TryParse_RandomText_NeverThrowsAndAcceptedNamesAreStable()
    {
        const string alphabet = "aZ09._-/:@[]% \n\\é";
        var random = new Random(7);
        int accepted = 0;
        for (int round = 0; round < 50_000; round++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(1, 14)).Select(_ => alphabet[random.Next(alphabet.Length)])]);
            if (!ImageReference.TryParse(text, out ImageReference reference))
            {
                continue;
            }
            accepted++;
            Assert.Equal(reference, ImageReference.Parse(reference.ToString()));
            Assert.Equal(reference, ImageReference.Parse(reference.Familiar));
            Assert.Equal(reference.WithDefaultTag(), reference.WithDefaultTag().WithDefaultTag());
        }
        Assert.True(accepted > 100);
    }
}
