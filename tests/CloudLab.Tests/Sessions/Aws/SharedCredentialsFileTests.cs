using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using CloudLab.Core.Sessions.Aws;
using Xunit;

namespace CloudLab.Tests.Sessions.Aws;

[Trait("Area", "Sessions")]
public sealed class SharedCredentialsFileTests : IDisposable
{
    private static readonly AwsKeys Keys = new("ASIATEST", "the-secret", "the-token");
    private static readonly DateTimeOffset End = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-credentials-").FullName;

    private string File => Path.Combine(folder, ".aws", "credentials");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_first_profile_makes_the_file_for_its_owner_alone()
    {
        Assert.Equal(File, Save("role"));
        Assert.Equal(
            "[role]\naws_access_key_id = ASIATEST\naws_secret_access_key = the-secret\naws_session_token = the-token\nregion = eu-west-3\nx_security_token_expires = 2030-01-02T03:04:05Z\n",
            System.IO.File.ReadAllText(File));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        }

        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(File)!));
    }

    /// <summary>The file before and after; SECTION stands for the new profile.</summary>
    [Theory]
    [InlineData("", "SECTION")]
    [InlineData("[a]\nx = 1\n", "[a]\nx = 1\n\nSECTION")]
    [InlineData("[a]\nx = 1", "[a]\nx = 1\n\nSECTION")]
    [InlineData("# mine\n\n[role]\nold = 1\naws_session_token = x\n", "# mine\n\nSECTION")]
    [InlineData("[role]\nold = 1\n\n# about b\n[b]\ny = 2\n", "SECTION\n# about b\n[b]\ny = 2\n")]
    [InlineData("[a]\nx = 1\n[ role ]\nold = 1\n[b]\ny = 2\n", "[a]\nx = 1\nSECTION[b]\ny = 2\n")]
    [InlineData("[roles]\nx = 1\n", "[roles]\nx = 1\n\nSECTION")]
    [InlineData("[role]", "SECTION")]
    public void Everything_else_in_the_file_stays(string before, string after)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, before);
        Save("role");
        string written = System.IO.File.ReadAllText(File);
        string section = written[written.IndexOf("[role]", StringComparison.Ordinal)..];
        section = section[..(section.IndexOf("03:04:05Z\n", StringComparison.Ordinal) + "03:04:05Z\n".Length)];
        Assert.Equal(after, written.Replace(section, "SECTION", StringComparison.Ordinal));

        Save("role");
        Assert.Equal(written, System.IO.File.ReadAllText(File));
    }

    [Fact]
    public void Line_ends_stay_what_they_are()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, "[a]\r\nx = 1\r\n");
        Save("role");
        Assert.DoesNotContain("\n", System.IO.File.ReadAllText(File).Replace("\r\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Long_lived_keys_are_only_replaced_with_force()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        const string own = "[role]\naws_access_key_id = AKIAMINE\naws_secret_access_key = mine\n";
        System.IO.File.WriteAllText(File, own);
        LabException error = Assert.Throws<LabException>(() => Save("role"));
        Assert.Equal("ProfileExists", error.Code);
        Assert.Equal(own, System.IO.File.ReadAllText(File));
        Save("role", force: true);
        Assert.DoesNotContain("AKIAMINE", System.IO.File.ReadAllText(File), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" a")]
    [InlineData("a]b")]
    [InlineData("a\nb")]
    [InlineData("a#b")]
    public void A_name_that_would_break_the_file_is_refused(string name)
    {
        Assert.Equal("ProfileNameInvalid", Assert.Throws<LabException>(() => Save(name)).Code);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public void What_is_written_can_be_used_as_a_profile()
    {
        Save("role");
        LabSession session = LabSession.Resolve(new SessionOptions { ProfileName = "role" }, "test", null, Environment());
        Assert.Equal("eu-west-3", session.Aws.Region);
        Assert.Contains("ASIATEST", session.Aws.CredentialSetting.Value, StringComparison.Ordinal);
        Assert.Equal("the-token", session.Aws.Credentials().GetCredentials().Token);
    }

    [Fact]
    public void A_link_stays_a_link()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights of their own on Windows.");
        string target = Path.Combine(folder, "elsewhere");
        System.IO.File.WriteAllText(target, "[a]\nx = 1\n");
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.CreateSymbolicLink(File, target);
        Save("role");
        Assert.Equal(target, new FileInfo(File).LinkTarget);
        Assert.Contains("[role]", System.IO.File.ReadAllText(target), StringComparison.Ordinal);
    }

    [Fact]
    public void Many_at_once_all_end_up_in_the_file()
    {
        Parallel.For(0, 20, i => Save("role" + i));
        string text = System.IO.File.ReadAllText(File);
        Assert.All(Enumerable.Range(0, 20), i => Assert.Contains($"[role{i}]\n", text, StringComparison.Ordinal));
    }

    private string Save(string profile, bool force = false) => SharedCredentialsFile.Save(
        LabSession.Resolve(new SessionOptions { Region = "eu-west-3" }, "test", null, Environment()), profile, Keys, End, force);

    private LabEnvironment Environment() => new(_ => null, folder);
}
