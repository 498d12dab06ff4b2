//! Every row as a test, in its quick size. A row that failed in a long run is run again with `BANGFU_SEED`.

macro_rules! tests {
    ($($area:ident: [$($row:ident),* $(,)?]),* $(,)?) => {
        $(mod $area {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $row() {
                bangfu_tests::row::quick(bangfu_tests::rows::$area::$row).await;
            })*
        })*
    };
}

bangfu_tests::rows!(tests);
