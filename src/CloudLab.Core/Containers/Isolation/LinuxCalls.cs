using System.Runtime.InteropServices;
using System.Text;

namespace CloudLab.Core.Containers.Isolation;

/// <summary>Calls of the Linux kernel that .NET has no method for.</summary>
internal static class LinuxCalls
{
    /// <summary>Numbers of errors.</summary>
    public const int NotPermitted = 1, NotFound = 2, OutOfMemory = 12, AccessDenied = 13, Busy = 16, NoDevice = 19, Invalid = 22, TooLong = 36, TooManyLinks = 40, Stale = 116;

    private const uint MountReadOnly = 1;
    private const int DetachLater = 2, NoFollow = 8, CurrentFolder = -100, KillSignal = 9;
    private const int NoFollowFlag = 0x100;
    private const uint BasicStatus = 0x7ff;
    private const int FileTypes = 0xf000;

    /// <summary>Kinds of files.</summary>
    public enum FileKind
    {
        /// <summary>No such file.</summary>
        None = 0,

        /// <summary>Character device.</summary>
        CharacterDevice = 0x2000,

        /// <summary>Directory.</summary>
        Directory = 0x4000,

        /// <summary>Regular file.</summary>
        File = 0x8000,

        /// <summary>Symbolic link.</summary>
        Link = 0xa000,
    }

    /// <summary>What the kernel says of a file.</summary>
    /// <param name="Kind">Its kind.</param>
    /// <param name="Mode">Its permissions.</param>
    /// <param name="User">Its owner.</param>
    /// <param name="Group">Its group.</param>
    /// <param name="Size">Its size.</param>
    /// <param name="DeviceNumber">What device it stands for; 0 for none, and for a whiteout.</param>
    /// <param name="FileSystem">The file system that it is in.</param>
    public readonly record struct FileStatus(FileKind Kind, int Mode, uint User, uint Group, long Size, ulong DeviceNumber, ulong FileSystem);

    /// <summary>Mounts a file system.</summary>
    /// <returns>0, or the number of the error.</returns>
    public static int Mount(string source, string path, string type, bool readOnly, string options) =>
        Mount(source, path, type, readOnly ? MountReadOnly : 0, options) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Unmounts what is mounted at a path.</summary>
    /// <returns>0, or the number of the error.</returns>
    public static int Unmount(string path, bool lazily) => Unmount(path, NoFollow | (lazily ? DetachLater : 0)) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Ends a process at once.</summary>
    public static void Kill(int process) => _ = Kill(process, KillSignal);

    /// <summary>Looks at a file, not at what a link points to.</summary>
    /// <returns>Its state, of the kind None where there is no such file.</returns>
    public static FileStatus Look(string path)
    {
        // struct statx, which is the same on all processors.
        byte[] buffer = new byte[256];
        if (Status(CurrentFolder, path, NoFollowFlag, BasicStatus, buffer) != 0)
        {
            return default;
        }

        uint Number(int offset) => BitConverter.ToUInt32(buffer, offset);
        int mode = BitConverter.ToUInt16(buffer, 28);
        return new FileStatus(
            (FileKind)(mode & FileTypes), mode & ~FileTypes, Number(20), Number(24), BitConverter.ToInt64(buffer, 40),
            ((ulong)Number(128) << 32) | Number(132), ((ulong)Number(136) << 32) | Number(140));
    }

    /// <summary>Reads an extended attribute.</summary>
    /// <returns>Its value; null where there is none, or no right to read it.</returns>
    public static string? Attribute(string path, string name)
    {
        byte[] value = new byte[256];
        nint length = Attribute(path, name, value, value.Length);
        return length < 0 ? null : Encoding.UTF8.GetString(value, 0, (int)length);
    }

    /// <summary>An error in words.</summary>
    public static string Words(int error) => Marshal.GetPInvokeErrorMessage(error);

    [DllImport("libc", EntryPoint = "mount", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Mount(
        [MarshalAs(UnmanagedType.LPUTF8Str)] string source, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, [MarshalAs(UnmanagedType.LPUTF8Str)] string type,
        nuint flags, [MarshalAs(UnmanagedType.LPUTF8Str)] string options);

    [DllImport("libc", EntryPoint = "umount2", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Unmount([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Status(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] status);

    [DllImport("libc", EntryPoint = "lgetxattr", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Attribute([MarshalAs(UnmanagedType.LPUTF8Str)] string path, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [Out] byte[] value, nint size);
}
