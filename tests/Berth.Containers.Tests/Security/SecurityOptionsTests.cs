using Berth.Containers.Security;

namespace Berth.Containers.Tests.Security;

public class SecurityOptionsTests
{
    [Fact]
    public void Parse_EveryOption_IsUnderstood()
    {
        SecurityOptions options = SecurityOptions.Parse(["seccomp=unconfined", "no-new-privileges", "systempaths=unconfined", "label=disable", "apparmor=unconfined"]);
        Assert.True(options.SeccompUnconfined && options.NoNewPrivileges && options.SystemPathsUnconfined);
        Assert.False(SecurityOptions.Parse(["no-new-privileges:true", "no-new-privileges=false"]).NoNewPrivileges);
        Assert.True(SecurityOptions.Parse(["seccomp:unconfined"]).SeccompUnconfined);
    }

    [Fact]
    public void Parse_ProfileText_IsRead() =>
        Assert.NotNull(SecurityOptions.Parse(["seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}"]).Seccomp);

    [Theory]
    [InlineData("seccomp=/etc/profile.json", "JSON text")]
    [InlineData("apparmor=docker-default", "AppArmor")]
    [InlineData("label=type:svirt_t", "SELinux")]
    [InlineData("systempaths=confined", "unconfined")]
    [InlineData("no-new-privileges=maybe", "true or false")]
    [InlineData("magic=on", "magic")]
    [InlineData("magic", "name=value")]
    [InlineData("=x", "name=value")]
    public void Parse_CannotBeHonoured_SaysWhatToDo(string option, string expected) =>
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => SecurityOptions.Parse([option])).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_UnsoundProfile_IsRefused() => Assert.Throws<SeccompException>(static () => SecurityOptions.Parse(["seccomp={}"]));
}
