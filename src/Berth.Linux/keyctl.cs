namespace Berth.Linux;

// linux/keyctl.h
public static partial class Libc
{
    public const int KEYCTL_JOIN_SESSION_KEYRING = 1;
}
