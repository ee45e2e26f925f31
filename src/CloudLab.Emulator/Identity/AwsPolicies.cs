namespace CloudLab.Emulator.Identity;

/// <summary>The managed policies of AWS that the emulator has: those that a first trial needs.</summary>
internal static class AwsPolicies
{
    private static readonly DateTimeOffset Created = new(2015, 2, 6, 18, 40, 0, TimeSpan.Zero);

    /// <summary>Policies by ARN.</summary>
    public static IReadOnlyDictionary<string, ManagedPolicyRecord> All { get; } = new[]
    {
        Policy("AdministratorAccess", "Everything.", "*"),
        Policy("AmazonS3FullAccess", "All of Amazon S3.", "s3:*", "s3-object-lambda:*"),
        Policy("AmazonS3ReadOnlyAccess", "Read access to Amazon S3.", "s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"),
        Policy("IAMFullAccess", "All of IAM.", "iam:*"),
        Policy("IAMReadOnlyAccess", "Read access to IAM.", "iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*", "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy"),
    }.ToDictionary(policy => policy.Arn("aws"), StringComparer.Ordinal);

    private static ManagedPolicyRecord Policy(string name, string description, params string[] actions) => new()
    {
        Name = name,
        Path = "/",
        Id = "ANPA" + name.ToUpperInvariant().PadRight(17, 'X')[..17],
        Created = Created,
        Description = description,
        Versions = new()
        {
            [1] = new PolicyVersionRecord(
                new StoredPolicy($$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[{{string.Join(',', actions.Select(action => $"\"{action}\""))}}],"Resource":"*"}]}"""),
                Created),
        },
    };
}
