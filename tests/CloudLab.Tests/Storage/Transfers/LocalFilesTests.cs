using CloudLab.Core.Common.Errors;
using CloudLab.Core.Storage.Transfers;
using Xunit;

namespace CloudLab.Tests.Storage.Transfers;

[Trait("Area", "Storage")]
public sealed class LocalFilesTests
{
    private readonly string root = Directory.CreateDirectory(Path.Combine(TestEnvironment.Folder, Guid.NewGuid().ToString("N"))).FullName;

    [Fact]
    public void Files_come_in_the_order_of_keys()
    {
        string[] files = ["a-b", "a.txt", "a/-", "a/b/c", "a/b/c.d/e", "a/b/c.txt", "a0", "é", "\uffee", "😀"];
        foreach (string file in files.Reverse())
        {
            Write(file);
        }

        Assert.Equal(
            ["a-b", "a.txt", "a/", "a/-", "a/b/", "a/b/c", "a/b/c.d/", "a/b/c.d/e", "a/b/c.txt", "a0", "é", "\uffee", "😀"],
            Under().Select(file => file.Name));
        Assert.Equal(files, Under().Where(file => !file.IsFolder).Select(file => file.Name));
        Assert.All(Under().Where(file => !file.IsFolder), file => Assert.True(File.Exists(file.Path), file.Path));
    }

    [Fact]
    public void Size_and_date_are_those_of_the_file()
    {
        string path = Write("f", 123);
        DateTime written = new(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(path, written);
        Write(".hidden", 1);
        Assert.Equal([(".hidden", 1L), ("f", 123L)], Under().Select(file => (file.Name, file.Size)));
        Assert.Equal(written, Under().Single(file => file.Name == "f").LastWrite.UtcDateTime);
    }

    [Fact]
    public void Links_to_files_are_followed_and_links_to_folders_are_not()
    {
        Write("real/f", 7);
        Directory.CreateSymbolicLink(Path.Combine(root, "folder"), Path.Combine(root, "real"));
        File.CreateSymbolicLink(Path.Combine(root, "file"), Path.Combine(root, "real", "f"));
        File.CreateSymbolicLink(Path.Combine(root, "nowhere"), Path.Combine(root, "none"));
        File.CreateSymbolicLink(Path.Combine(root, "circle"), Path.Combine(root, "circle"));
        Assert.Equal(
            [("circle", -1L), ("file", 7L), ("nowhere", -1L), ("real/", 0L), ("real/f", 7L)],
            Under().Select(file => (file.Name, file.Size)));
    }

    [Fact]
    public async Task What_is_no_file_is_refused_without_being_opened()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no pipes among its files");
        string pipe = Path.Combine(root, "pipe");
        await ForeignProcess.OutputAsync(new("mkfifo", [pipe]));
        using System.Net.Sockets.Socket socket = new(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(Path.Combine(root, "sock")));
        Write("empty");
        Write("real", 7);
        foreach ((string link, string target) in new[] { ("to-pipe", "pipe"), ("to-empty", "empty"), ("nowhere", "none"), ("circle", "circle") })
        {
            File.CreateSymbolicLink(Path.Combine(root, link), target);
        }

        Assert.Equal(
            ["circle: FileReadFailed", "empty: ", "nowhere: FileNotFound", "pipe: NotAFile", "real: ", "sock: NotAFile", "to-empty: ", "to-pipe: NotAFile"],
            Under().Select(file => $"{file.Name}: {LocalFiles.Refusal(file.Path, file.Size)?.Code}"));
        Assert.EndsWith(
            "is a link to 'none', which does not exist.", LocalFiles.Refusal(Path.Combine(root, "nowhere"), -1)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_not_UTF_8_is_said_to_be_so()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems have no such names");
        await ForeignProcess.OutputAsync(new("sh", ["-c", "printf x > \"$(printf 'bad\\377')\""]) { WorkingDirectory = root });
        LocalFile file = Assert.Single(Under());
        LabException? refusal = LocalFiles.Refusal(file.Path, file.Size);

        // .NET cannot remove it.
        await ForeignProcess.OutputAsync(new("sh", ["-c", "rm bad*"]) { WorkingDirectory = root });
        Assert.Contains("its name is not UTF-8", refusal!.Message, StringComparison.Ordinal);
        Write("\ufffd");
        Assert.Null(LocalFiles.Refusal(Path.Combine(root, "\ufffd"), 0));
    }

    [Fact]
    public void Unfinished_downloads_are_left_out()
    {
        Write(LocalFiles.PartialName("x"));
        Write(".cloudlab-notes");
        Assert.Equal([".cloudlab-notes"], Under().Select(file => file.Name));
    }

    [Fact]
    public void A_folder_that_cannot_be_read_is_a_problem_and_the_rest_goes_on()
    {
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess)
        {
            Assert.Skip("who may do everything may read every folder");
            return;
        }

        Write("a/f");
        Write("b/f");
        Allow("a", UnixFileMode.None);
        List<LabException> problems = [];
        Assert.Equal(["a/", "b/", "b/f"], LocalFiles.Under(root, problems.Add).Select(file => file.Name));
        Assert.Equal("FileAccessDenied", Assert.Single(problems).Code);
        Allow("a", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        void Allow(string folder, UnixFileMode mode)
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(Path.Combine(root, folder), mode);
            }
        }
    }

    [Fact]
    public void A_folder_that_vanishes_is_a_problem_and_the_rest_goes_on()
    {
        Write("a/f");
        Write("b/f");
        List<LabException> problems = [];
        List<string> names = [];
        foreach (LocalFile file in LocalFiles.Under(root, problems.Add))
        {
            names.Add(file.Name);
            if (file.Name == "a/")
            {
                Directory.Delete(Path.Combine(root, "a"), recursive: true);
            }
        }

        Assert.Equal(["a/", "b/", "b/f"], names);
        Assert.Equal(("FileNotFound", Path.Combine(root, "a")), (Assert.Single(problems).Code, problems[0].Target));
    }

    private List<LocalFile> Under() => [.. LocalFiles.Under(root, problem => throw problem)];

    private string Write(string name, int size = 0)
    {
        string path = Path.Combine(root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, new byte[size]);
        return path;
    }
}
