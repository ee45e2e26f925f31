using CloudLab.Core.Storage.Listing;
using CloudLab.Emulator.S3.Settings;
using CloudLab.Emulator.S3.Storage;
using Xunit;

namespace CloudLab.Tests.Emulator.S3;

/// <summary>The store against a model of it that is too simple to be wrong: random puts and deletes, with restarts between.</summary>
[Trait("Area", "Emulator")]
public sealed class S3StoreTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cloudlab-store-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Versions_are_what_was_done(int seed)
    {
        Random random = new(seed);
        string[] keys = ["a", "b", "b/c", "ü", "\U0001F3AC", "\uFFFD"];
        S3Store store = new(folder, TimeProvider.System);
        store.Add(new S3Bucket("movies", "us-east-1", DateTimeOffset.UtcNow));

        // The newest first.
        Dictionary<string, List<(string Id, bool Marker)>> model = keys.ToDictionary(key => key, _ => new List<(string, bool)>());
        BucketVersioning versioning = BucketVersioning.Off;
        for (int step = 0; step < 200; step++)
        {
            S3Bucket bucket = store.Find("movies")!;
            string key = keys[random.Next(keys.Length)];
            List<(string Id, bool Marker)> versions = model[key];
            switch (random.Next(10))
            {
                case < 5:
                    Put(store.Put(bucket, new S3Object(key, Blob.Empty, "tag", DateTimeOffset.UtcNow, new ObjectProperties(), null, null), _ => { }));
                    break;
                case < 7:
                    S3Object? marker = store.Delete(bucket, key, DateTimeOffset.UtcNow, _ => { });
                    Assert.Equal(versioning == BucketVersioning.Off, marker is null);
                    if (marker is null)
                    {
                        versions.Clear();
                    }
                    else
                    {
                        Put(marker);
                    }

                    break;
                case 7 when versions.Count > 0:
                    string id = versions[random.Next(versions.Count)].Id;
                    Assert.Equal(id, store.DeleteVersion(bucket, key, id, _ => { })!.VersionId);
                    versions.RemoveAll(version => version.Id == id);
                    break;
                case 8 when step > 50:
                    versioning = random.Next(3) == 0 ? BucketVersioning.Suspended : BucketVersioning.Enabled;
                    store.SetDocument(bucket, "versioning", $"<VersioningConfiguration><Status>{versioning}</Status></VersioningConfiguration>");
                    break;
                case 9:
                    store = new S3Store(folder, TimeProvider.System);
                    break;
            }

            Check(store.Find("movies")!.Objects);

            void Put(S3Object value)
            {
                Assert.Equal(versioning == BucketVersioning.Enabled, value.VersionId != VersionId.Null);
                versions.RemoveAll(version => version.Id == value.VersionId);
                versions.Insert(0, (value.VersionId, value.IsMarker));
            }
        }

        Assert.Contains(model.Values, versions => versions.Count > 2);

        void Check(VersionIndex index)
        {
            List<string> found = [];
            for (string? key = index.KeyFrom(""); key is not null; key = index.KeyAfter(key))
            {
                found.Add(key);
                Assert.Equal(model[key], index.Versions(key).Select(version => (version.VersionId, version.IsMarker)));
                Assert.Equal(model[key][0].Id, index.Latest(key)!.VersionId);
                Assert.Equal(model[key][0].Marker ? null : model[key][0].Id, index.Current.Find(key)?.VersionId);
                Assert.All(model[key], version => Assert.Equal(version.Id, index.Find(key, version.Id)!.VersionId));
            }

            Assert.Equal(keys.Where(key => model[key].Count > 0).Order(KeyOrder.Instance), found);
            Assert.Equal(found.Count == 0, index.IsEmpty);
        }
    }
}
