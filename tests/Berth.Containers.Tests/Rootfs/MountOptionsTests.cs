using Berth.Containers.Rootfs;
using static Berth.Linux.Libc;

namespace Berth.Containers.Tests.Rootfs;

public sealed class MountOptionsTests
{
    private static MountOptions Parse(params string[] options) => MountOptions.Parse(new() { Destination = "/x", Type = "tmpfs", Options = options });

    [Fact]
    public void Parse_Mixed_SortsByWhoUnderstandsThem()
    {
        MountOptions options = Parse("rbind", "ro", "nosuid", "rprivate", "size=64m", "mode=1777", "rro");
        Assert.True(options.IsBind && options.IsRecursive);
        Assert.Equal(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, options.Set);
        Assert.Equal(MOUNT_ATTR_RDONLY, options.RecursiveSet);
        Assert.Equal(MS_PRIVATE, options.Propagation);
        Assert.True(options.PropagationIsRecursive);
        Assert.Equal(["size=64m", "mode=1777"], options.Data);
    }

    [Theory]
    [InlineData("ro", "rw", 0UL, MOUNT_ATTR_RDONLY)]
    [InlineData("rw", "ro", MOUNT_ATTR_RDONLY, 0UL)]
    [InlineData("noexec", "exec", 0UL, MOUNT_ATTR_NOEXEC)]
    public void Parse_Opposites_TheLastOneCounts(string first, string second, ulong set, ulong clear)
    {
        MountOptions options = Parse(first, second);
        Assert.Equal(set, options.Set);
        Assert.Equal(clear, options.Clear);
    }
}
